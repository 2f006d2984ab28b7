"""Scoring: agreement with the verdicts of other people, beside lm-evaluation-harness's filters; and how fast it is.

python benchmarks/scoring.py agreement      (needs GRADUS_DATA; the harness's columns need lm-eval in the environment)
python benchmarks/scoring.py speed
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "scripts"))

CLASSES = PROJECT / "benchmarks" / "disagreements.csv"
SAME_AS = {"addsub": "svamp"}  # of one kind


def outputs(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row with a recorded verdict, with its file."""
    for path in sorted((folder / "model_outputs").iterdir()):
        packed = path.suffix == ".gz"
        with gzip.open(path, "rt", encoding="utf-8") if packed else open(path, encoding="utf-8") as stream:
            for row in map(json.loads, stream):
                if row["correct"] is not None:
                    yield path.name, row


def classes() -> dict[tuple[str, str], str]:
    """What was found of every disagreement when it was read."""
    with open(CLASSES, encoding="utf-8", newline="") as stream:
        return {(row["file"], row["id"]): row["class"] for row in csv.DictReader(stream)}


def agreement() -> None:
    """Print the tables of docs/background/benchmarks.md."""
    from gradus.evaluation import judge

    known = classes()
    harness = load_harness()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, row in outputs(Path(os.environ["GRADUS_DATA"])):
        dataset = SAME_AS.get(row["dataset"], row["dataset"])
        judged = judge(row["response"], str(row["gold"]), dataset=dataset, choices=row["choices"])
        count = counts[name]
        count["rows"] += 1
        count["robust"] += judged.robust == row["correct"]
        count["strict"] += judged.strict == row["correct"]
        if judged.robust != row["correct"]:
            count[known[name, row["id"]]] += 1
        if harness is not None:
            for kind, verdict in harness(row, dataset).items():
                count[kind] += verdict == row["correct"]
    columns = (
        "file",
        "rows",
        "robust",
        "paper's rules",
        "harness strict",
        "harness flexible",
        "ours wrong",
        "recorded wrong",
    )
    print("| " + " | ".join((*columns, "undecidable", "of the decidable")) + " |")
    print("|---|" + "---:|" * 9)
    for name, count in counts.items():
        rows = count["rows"]
        shares = [f"{100 * count[kind] / rows:.2f} %" for kind in ("robust", "strict")]
        shares += [f"{100 * count[kind] / rows:.2f} %" if harness else "-" for kind in ("first", "flexible")]
        classed = [count[kind] for kind in ("ours wrong", "recorded wrong", "undecidable")]
        decidable = rows - classed[1] - classed[2]
        told = [*shares, *map(str, classed), f"{100 * (decidable - classed[0]) / decidable:.2f} %"]
        print(f"| `{name.split('.')[0]}` | {rows:,} | " + " | ".join(told) + " |")


def load_harness() -> Any:
    """A judge by the filters and metrics of lm-evaluation-harness 0.4.13's zero-shot chain-of-thought tasks; None without it.

    Numbers: gsm8k_cot_zeroshot; choices: mmlu_flan_cot_zeroshot; booleans: bbh_cot_zeroshot; MATH: hendrycks_math (strict),
    minerva_math by math_verify (flexible).
    """
    try:
        import lm_eval
        import yaml
        from lm_eval.api.metrics import exact_match_hf_evaluate
        from lm_eval.filters.extraction import MultiChoiceRegexFilter, RegexFilter
        from lm_eval.tasks.hendrycks_math import utils as hendrycks
        from lm_eval.tasks.minerva_math import utils as minerva
    except ImportError as error:
        print(f"without lm-evaluation-harness: {error}", file=sys.stderr)
        return None
    tasks = Path(lm_eval.__file__).parent / "tasks"

    class Loader(yaml.SafeLoader):
        """Task files name functions, which are not needed here."""

    Loader.add_constructor("!function", lambda loader, node: None)

    def read(*names: str) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for name in names:
            merged |= yaml.load((tasks / name).read_text(encoding="utf-8"), Loader)
        return merged

    bbh = "bbh/cot_zeroshot/"
    of_kind = {
        "number": read("gsm8k/gsm8k-cot-zeroshot.yaml"),
        "choice": read("mmlu/flan_cot_zeroshot/_mmlu_flan_cot_zeroshot_template_yaml"),
        "boolean": read(f"{bbh}_cot_zeroshot_template_yaml", f"{bbh}boolean_expressions.yaml"),
    }

    from gradus.evaluation.golds import read_gold
    from gradus.evaluation.grading import KINDS

    def matches(task: dict[str, Any], name: str, row: dict[str, Any], gold: str) -> bool:
        (chosen,) = [one for one in task["filter_list"] if one["name"] == name]
        told = {key: value for key, value in chosen["filter"][0].items() if key != "function"}
        made = MultiChoiceRegexFilter if chosen["filter"][0]["function"] == "multi_choice_regex" else RegexFilter
        answer = next(iter(made(**told).apply([[row["response"]]], [{"choices": row["choices"]}])))[0]
        metric = task["metric_list"][0]
        options = {
            key: metric[key] for key in ("regexes_to_ignore", "ignore_case", "ignore_punctuation") if key in metric
        }
        return bool(exact_match_hf_evaluate([answer], [gold], **options)["exact_match"])

    def verdicts(row: dict[str, Any], dataset: str) -> dict[str, bool]:
        kind = KINDS[dataset]
        if kind == "latex":
            doc = {
                "solution": f"$\\boxed{{{row['gold']}}}$",
                "answer": minerva.normalize_final_answer(str(row["gold"])),
            }
            strict = hendrycks.process_results(doc, [row["response"]])["exact_match"]
            return {
                "first": bool(strict),
                "flexible": bool(minerva.process_results(doc, [row["response"]])["math_verify"]),
            }
        gold = read_gold(str(row["gold"]), kind, row["choices"])
        gold = f"({gold})" if kind == "choice" else str(row["gold"]).strip() if kind == "number" else gold
        names = {"first": "strict-match", "flexible": "flexible-extract"}
        return {key: matches(of_kind[kind], name, row, gold) for key, name in names.items()}

    return verdicts


def speed(count: int = 100_000) -> None:
    """Wall clock of scripts/score.py over so many GSM8K-like outputs."""
    with tempfile.TemporaryDirectory() as folder:
        problems, predictions = Path(folder) / "problems.jsonl", Path(folder) / "predictions.jsonl"
        with open(problems, "w", encoding="utf-8") as stream:
            for number in range(1319):
                row = {"id": str(number), "question": f"How many? {number}", "choices": None, "answer": str(number)}
                stream.write(json.dumps(row) + "\n")
        with open(predictions, "w", encoding="utf-8") as stream:
            for index in range(count):
                number = index % 1319
                said = number if index % 3 else number + 1
                text = (
                    f"First there are {number} and then {index} more, that is {number} + {index} = {number + index}. "
                    * 4
                )
                stream.write(json.dumps({"id": str(number), "text": f"{text}\nThe answer is ${said:,}.00."}) + "\n")
        started = time.perf_counter()
        program = [sys.executable, str(PROJECT / "scripts" / "score.py"), "--dataset", "gsm8k"]
        files = [
            "--problems",
            problems,
            "--predictions",
            predictions,
            "--output",
            f"{folder}/m.json",
            "--rows",
            f"{folder}/r",
        ]
        subprocess.run([*program, *map(str, files)], check=True)
        seconds = time.perf_counter() - started
        accuracy = json.loads(Path(f"{folder}/m.json").read_text(encoding="utf-8"))["robust_accuracy"]
    print(f"{count:,} predictions in {seconds:.1f} s on {os.cpu_count()} cores ({100 * accuracy:.1f} % right)")


if __name__ == "__main__":
    {"agreement": agreement, "speed": speed}[sys.argv[1]]()
