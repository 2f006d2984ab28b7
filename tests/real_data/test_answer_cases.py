"""Ways to write an answer that public reports tell of, with the right verdict of each: ours, kind by kind."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gradus.evaluation.judging import judge

RIGHT, OF_A_KIND = 0.97, 0.85


@pytest.fixture(scope="module")
def decided(gradus_data: Path) -> list[tuple[str, bool]]:
    """Each case's kind, and whether our verdict is the right one; cases of policy count like the others."""
    path = gradus_data / "answer_cases" / "cases.jsonl"
    if not path.exists():
        pytest.skip("the data folder has no answer_cases")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return [(row["kind"], _verdict(row) == row["right"]) for row in rows]


def _verdict(row: dict[str, Any]) -> bool:
    text = row["text"]
    if text is None:  # long ones are told by what they repeat
        text = row["repeat"]["start"] + row["repeat"]["unit"] * row["repeat"]["times"] + row["repeat"]["end"]
    return judge(text, row["gold"], dataset=row["dataset"], choices=row["choices"]).robust


def test_at_least_97_percent_are_decided_rightly(decided: list[tuple[str, bool]]) -> None:
    wrong = [kind for kind, right in decided if not right]
    assert len(decided) > 500 and len(wrong) <= (1 - RIGHT) * len(decided), wrong


def test_no_kind_is_below_85_percent(decided: list[tuple[str, bool]]) -> None:
    """A kind is what stands before the colon (number, choice, math, ...), and no part of one is given up."""
    every, right = Counter[str](), Counter[str]()
    for kind, is_right in decided:
        every[kind.partition(":")[0]] += 1
        right[kind.partition(":")[0]] += is_right
    shares = {kind: right[kind] / count for kind, count in every.items()}
    assert min(shares.values()) >= OF_A_KIND, shares
