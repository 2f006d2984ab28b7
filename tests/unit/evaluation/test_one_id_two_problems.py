"""Rows that bring their own gold answers: which are outputs of one problem, and which are other problems under its id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradus.evaluation.formats import read_run
from gradus.evaluation.outputs.tallies import tally
from gradus.evaluation.outputs.verdicts import Judged, judged
from gradus.runtime.errors import Mistakes, UserError

ROW = {"id": 1, "gold": "5", "question": "2 + 3?", "text": "5"}
LM_EVAL = {"doc_id": 0, "doc": {"question": "Q?"}, "resps": [["It is 5"]], "filter": "none"}


def verdicts(folder: Path, rows: list[dict[str, Any]], bad: Mistakes | None = None) -> list[Judged]:
    file = folder / "a.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return judged(read_run([file], bad=bad), None, "number", "gsm8k", bad=bad)


@pytest.mark.parametrize(
    ("other", "what"), [({"gold": "6"}, "another gold answer"), ({"question": "1 + 4?"}, "another question")]
)
def test_an_id_of_two_problems_is_refused(tmp_path: Path, other: dict[str, Any], what: str) -> None:
    """Ids that begin anew with every subject made one problem of two, and n half of what it was."""
    message = rf"a.jsonl:2: the id '1' stands for two problems: {what} than at .*a.jsonl:1 .*id=line"
    with pytest.raises(UserError, match=message):
        verdicts(tmp_path, [ROW, ROW | other])
    bad = Mistakes()
    assert len(verdicts(tmp_path, [ROW, ROW | other], bad)) == 1 and len(bad.found) == 1


def test_several_outputs_and_tasks_are_no_two_problems(tmp_path: Path) -> None:
    assert tally(verdicts(tmp_path, [ROW, ROW | {"text": "6"}]), "number")["n"] == 1
    assert len(verdicts(tmp_path, [ROW | {"task": "a"}, ROW | {"task": "b", "gold": "6"}])) == 2


@pytest.mark.parametrize(("target", "right"), [(["5", "6"], True), (["7"], False), (5, True)])
def test_lm_eval_may_accept_several_answers(tmp_path: Path, target: Any, right: bool) -> None:
    """A list under `target` was no gold answer at all, whatever the page says."""
    (one,) = verdicts(tmp_path, [LM_EVAL | {"target": target}])
    assert one.grade.robust is right
