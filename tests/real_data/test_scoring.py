"""Other models' outputs with the verdicts of their sources: how often ours agree, and that the paper's rules agree less."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT

from gradus.evaluation import judge

FILES = (
    "faithful_cot_baseline.jsonl.gz",
    "gsm8k_openai_example_solutions.jsonl",
    "gsm8k_tora.jsonl",
    "math_mathcoder_correct.jsonl",
    "math_nemo_skills_test_outputs.jsonl",
    "math_qwen_math_cot_100.jsonl",
    "mathcoder.jsonl.gz",
    "thoughtsource_mc.jsonl",
    "verify_cot_human_annotation.jsonl",
)
# Every disagreement was read once: whose fault it is.
CLASSES = PROJECT / "benchmarks" / "disagreements.csv"
SAME_AS = {"addsub": "svamp"}  # of one kind


def rows(path: Path) -> Iterator[dict[str, Any]]:
    packed = path.suffix == ".gz"
    with gzip.open(path, "rt", encoding="utf-8") if packed else open(path, encoding="utf-8") as stream:
        yield from map(json.loads, stream)


@pytest.fixture(scope="module")
def classes() -> dict[tuple[str, str], str]:
    with open(CLASSES, encoding="utf-8", newline="") as stream:
        return {(row["file"], row["id"]): row["class"] for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", FILES)
def test_verdicts_agree_with_those_of_the_sources(
    gradus_data: Path, classes: dict[tuple[str, str], str], name: str
) -> None:
    """At least 99 of 100 where the recorded verdict can be and is right; nothing new that nobody has read."""
    compared = strict = robust = 0
    fault: Counter[str] = Counter()
    for row in rows(gradus_data / "model_outputs" / name):
        if row["correct"] is None:
            continue
        dataset = SAME_AS.get(row["dataset"], row["dataset"])
        judged = judge(row["response"], str(row["gold"]), dataset=dataset, choices=row["choices"])
        compared += 1
        if classes.get((name, row["id"])) != "recorded wrong":  # agreeing with a wrong verdict is no merit of either
            robust += judged.robust == row["correct"]
            strict += judged.strict == row["correct"]
        if judged.robust != row["correct"]:
            assert (name, row["id"]) in classes, f"a disagreement that is in no class yet: {row['id']}"
            fault[classes[name, row["id"]]] += 1
    assert compared > 50
    decidable = compared - fault["recorded wrong"] - fault["undecidable"]
    assert fault["ours wrong"] <= 0.01 * decidable, fault
    assert strict <= robust + 0.002 * compared, "the paper's rules agree better than ours"
