"""Other models' outputs with the verdicts of their sources: how often ours agree, and that the paper's rules agree less."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradus.judging import judge, read_question

# Least share of rows on which the robust verdict is the recorded one (docs/benchmarks.md tells what the others are).
FLOORS = {
    "faithful_cot_baseline.jsonl.gz": 0.999,
    "gsm8k_openai_example_solutions.jsonl": 0.999,
    "gsm8k_tora.jsonl": 0.999,
    "math_mathcoder_correct.jsonl": 0.93,
    "math_nemo_skills_test_outputs.jsonl": 0.96,
    "math_qwen_math_cot_100.jsonl": 0.99,
    "mathcoder.jsonl.gz": 0.99,
    "thoughtsource_mc.jsonl": 0.93,
    "verify_cot_human_annotation.jsonl": 0.97,
}
SAME_AS = {"addsub": "svamp"}  # of one kind


def rows(path: Path) -> Iterator[dict[str, Any]]:
    packed = path.suffix == ".gz"
    with gzip.open(path, "rt", encoding="utf-8") if packed else open(path, encoding="utf-8") as stream:
        yield from map(json.loads, stream)


@pytest.mark.parametrize("name", FLOORS)
def test_verdicts_agree_with_those_of_the_sources(gradus_data: Path, name: str) -> None:
    compared = strict = robust = 0
    for row in rows(gradus_data / "model_outputs" / name):
        if row["correct"] is None:
            continue
        dataset = SAME_AS.get(row["dataset"], row["dataset"])
        problem = {"id": row["id"], "answer": str(row["gold"]), "choices": row["choices"]}
        judged = judge(row["response"], read_question(problem, dataset, name), dataset)
        compared += 1
        robust += judged.robust == row["correct"]
        strict += judged.strict == row["correct"]
    assert compared > 50
    assert robust / compared >= FLOORS[name], f"{robust} of {compared}"
    assert strict <= robust + 0.002 * compared, "the paper's rules agree better than ours"
    print(f"| `{name}` | {compared:,} | {100 * robust / compared:.2f} % | {100 * strict / compared:.2f} % |")
