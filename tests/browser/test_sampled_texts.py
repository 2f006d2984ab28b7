"""How many texts a page shows, which, and that none can leave its script."""

from __future__ import annotations

import json
from pathlib import Path

from gradus.presentation.explorer.packing import in_script, packed
from gradus.presentation.explorer.sampling import BUDGET_BYTES, BYTES_OF_A_TEXT, SAMPLES, sample_size, shown_problems
from gradus.records import Problem
from gradus.runtime.jsonl import read_records


def test_a_script_cannot_be_ended_from_inside() -> None:
    assert "<" not in in_script(json.dumps(["</script>", "<!--", "a<b"]))
    assert json.loads(in_script(json.dumps(["</script>", "a<b\u2028"]))) == ["</script>", "a<b\u2028"]
    assert packed([]) == "" and "\n" not in packed([["x" * 3000, None, True, True, None, False]])


def test_a_small_study_shows_all_texts_and_a_large_one_keeps_its_size() -> None:
    assert sample_size(12) > 1000 and sample_size(2000) == SAMPLES
    assert all(sample_size(count) * count * BYTES_OF_A_TEXT <= BUDGET_BYTES for count in (1, 12, 500))


def test_the_shown_problems_do_not_depend_on_how_many_there_are(folder: Path) -> None:
    every = list(read_records(folder / "results/made/data/sums/test.jsonl", Problem))
    shown = {problem.id for problem in shown_problems(every)}
    some = {problem.id for problem in shown_problems(every[:50])}
    assert len(shown) == len(some) == SAMPLES
    assert {one for one in shown if one in {problem.id for problem in every[:50]}} <= some
