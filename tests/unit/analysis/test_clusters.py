"""Which test problems are variants of one another."""

import csv
import json
from dataclasses import replace
from pathlib import Path

from made_study import made_config, make_study
from running import program

from gradus.analysis.claims.catalogue import judged_claims
from gradus.analysis.clusters import clusters
from gradus.analysis.collection import collect
from gradus.records import Problem
from gradus.results.store import Results
from gradus.study import paths

PROBLEM = Problem("p", "svamp", "test", "?", None, "1", "number", None, None, "here", None)


def asked(*questions: str) -> list[int]:
    return list(clusters([replace(PROBLEM, question=question) for question in questions]))


def test_variants_of_a_base_problem_share_its_words_and_not_its_numbers() -> None:
    found = asked(
        "Baker made 121 cakes and 48 pastries. He sold 105 of the cakes. How many cakes does baker still have?",
        "Paco had 41 cookies and gave 9 cookies to his friend. How many cookies did Paco have left?",
        "Baker made 170 cakes and 12 pastries. If he sold 78 of the pastries, how many pastries does baker still have?",
        "Danny collects bottle caps and wrappers and found 22 of them at the park. How many did Danny find?",
    )
    assert found[0] == found[2] and len(set(found)) == 3


def test_short_questions_are_variants_of_nothing() -> None:
    assert len(set(asked("What do cows eat?", "What do tuna eat?", "Tuna primarily eat"))) == 3


def test_generated_problems_belong_to_their_structure() -> None:
    made = [
        replace(PROBLEM, solution={"structure": list(moves), "steps": []}, question=f"question {n}")
        for n, moves in enumerate(("ab", "ac", "ab"))
    ]
    assert list(clusters(made)) == [0, 1, 0]
    assert list(clusters([])) == []


def small_study(folder: Path) -> Results:
    """A made study of two levels and answer-only, three runs each."""
    config = made_config()
    everything = config["experiments"]["granularity"] | {
        "levels": ["L1", "L3"],
        "students": ["small"],
        "datasets": ["sums"],
    }
    bare = config["experiments"]["answer-only"] | {"students": ["small"], "datasets": ["sums"], "seeds": [1, 2, 3]}
    config["experiments"] = {"granularity": everything, "answer-only": bare}
    config["datasets"] = {"sums": config["datasets"]["sums"] | {"test": 120}}
    config["students"] = {"small": config["students"]["small"]}
    config |= {"transforms": {}, "teacher_accuracy": {}}
    study = make_study(folder, config, lambda cell: 0.3 + 0.3 * (cell.supervision.level == "L3"), lambda _: 0.9)
    return Results.open(study.parent)


def test_claims_of_a_study_take_variants_together(tmp_path: Path) -> None:
    """Every two problems of the test split tell one story: 120 problems are 60 groups, on which the claims rest."""
    results = small_study(tmp_path)
    path = results.path(paths.PROBLEMS, dataset="sums", split="test")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows):
        mark = chr(97 + number // 2 % 26) + chr(97 + number // 52)
        words = " ".join(word + mark for word in ("baker", "sells", "crusty", "loaves", "monday"))
        row["question"] = f"{words} {number}"
    alone = {one.claim: one for one in judged_claims(collect(results))}["rationales-help"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    together = {one.claim: one for one in judged_claims(collect(Results.open(path.parents[2])))}["rationales-help"]
    assert (alone.groups, together.groups, together.n) == (None, 60, 120)
    assert alone.estimate == together.estimate and alone.high - alone.low != together.high - together.low


def test_a_finished_study_of_the_first_version_is_analysed_again(tmp_path: Path) -> None:
    """Its metrics lie in the cell's own folder and name no problems; its claims are those that its files give."""
    results = small_study(tmp_path)
    finished = results.path(paths.STUDY_COPY).parent
    for metric in sorted(finished.glob("metrics/**/test/greedy.json")):
        facts = json.loads(metric.read_text(encoding="utf-8"))
        del facts["problems"]
        for file in sorted(metric.parent.iterdir()):
            file.rename(metric.parents[1] / file.name)
        metric.parent.rmdir()
        (metric.parents[1] / metric.name).write_text(json.dumps(facts), encoding="utf-8")
    wanted = [one.verdict for one in judged_claims(collect(small_study(tmp_path / "today")))]
    done = program("reanalyse", finished, "--output", tmp_path / "again", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    with open(
        tmp_path / "again" / "results" / "made" / "tables" / "claims.csv", encoding="utf-8", newline=""
    ) as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["verdict"] for row in rows) == sorted(wanted) and "supported" in wanted
    assert Path(done.stdout.strip()).read_text(encoding="utf-8").startswith("<!doctype html>")
