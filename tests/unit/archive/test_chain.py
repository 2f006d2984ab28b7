"""The chain behind a number: of the base model itself, and on another dataset's problems."""

import json
import re
from pathlib import Path

import pytest
from made_study import made_config, make_study

from gradus.archive.provenance import breaks, chain, parse_metric, to_text
from gradus.results.facts import CheckpointManifest
from gradus.results.store import Results
from gradus.runtime.atomic import sha256_bytes, write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import write_manifest
from gradus.study import paths


def test_the_chain_of_an_untaught_student_has_no_training(tmp_path: Path) -> None:
    config = made_config()
    config["teachers"]["none"] = {"provider": "none", "shots": 2}
    own = config["experiments"]["granularity"]
    own |= {"levels": ["L1"], "students": ["small"], "baselines": ["none/untaught/native"], "transfer": ["more-sums"]}
    config["experiments"] = {"granularity": own}
    config["transforms"], config["teacher_accuracy"] = {}, {}
    copy = make_study(tmp_path, config, lambda _: 0.5, lambda _: 0.9)
    results = Results.open(copy.parent)
    path = copy.parent / "metrics/sums/none/untaught/native/small/seed0/on-more-sums/greedy.json"
    folder, evaluation = parse_metric(str(path))
    assert (folder, evaluation.problems, evaluation.cell.seed) == (copy.parent, "on-more-sums", 0)
    links = chain(results, evaluation)
    assert [link.what for link in links] == [
        *("train problems", "on-more-sums problems", "base model", "predictions", "number")
    ]
    assert links[1].path.endswith("data/more-sums/test.jsonl") and not breaks(links)
    assert "shots" in to_text(links)
    taught = copy.parent / "metrics/sums/tutor/original/L1/small/seed1/test/greedy.json"
    every = chain(results, parse_metric(str(taught))[1])
    assert {"training set", "checkpoint"} <= {link.what for link in every} and not breaks(every)


def test_the_chain_of_an_earlier_student_names_whose_warm_up_it_is_from(tmp_path: Path) -> None:
    config = made_config()
    config["students"]["large"] |= {"keep_at": [0.5]}
    config["students"]["small"] = {"kind": "earlier", "of": "large", "share": 0.5}
    copy = make_study(tmp_path, config, lambda _: 0.5, lambda _: 0.9)
    results = Results.open(copy.parent)
    cell = copy.parent / "metrics/sums/tutor/original/L1/small/seed1/test/greedy.json"
    links = {link.what: link for link in chain(results, parse_metric(str(cell))[1])}
    assert links["warm-up large"].path.endswith("students/large/manifest.json")
    assert list(links).index("warm-up large") + 1 == list(links).index("base model")


def test_a_number_that_its_rows_contradict_breaks_the_chain(tmp_path: Path) -> None:
    copy = make_study(tmp_path, made_config(), lambda _: 0.5, lambda _: 0.9)
    path = copy.parent / "metrics/sums/tutor/original/L1/small/seed1/test/greedy.json"
    results, evaluation = Results.open(copy.parent), parse_metric(str(path))[1]
    assert not breaks(chain(results, evaluation))
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({**facts, "accuracy": 0.99}))
    assert re.fullmatch(
        r".*greedy\.json says accuracy 0\.9900, its rows have 0\.\d{4}", breaks(chain(results, evaluation))[0]
    )
    with pytest.raises(UserError, match=r"says accuracy 0\.9900, its rows have"):
        results.metrics(evaluation.cell)
    path.write_text(json.dumps({**facts, "interval_low": 0.0}))
    assert "says interval low 0.0000" in breaks(chain(results, evaluation))[0]
    path.write_text(json.dumps({**facts, "n": str(facts["n"])}))
    with pytest.raises(UserError, match=r"greedy\.json: field 'n' has the wrong type"):
        breaks(chain(results, evaluation))
    path.write_text(json.dumps({**facts, "correct": facts["correct"] + 1}))
    with pytest.raises(UserError, match=r"its rows have \d+.*delete both and run again"):
        results.metrics(evaluation.cell)


def test_changed_weights_and_rows_break_the_chain_and_absent_ones_do_not(tmp_path: Path) -> None:
    copy = make_study(tmp_path, made_config(), lambda _: 0.5, lambda _: 0.9)
    results = Results.open(copy.parent)
    cell = "sums/tutor/original/L1/small/seed1"
    evaluation = parse_metric(str(copy.parent / f"metrics/{cell}/test/greedy.json"))[1]
    checkpoint = results.path(paths.WEIGHTS.manifest, evaluation.cell)
    sums = {"model": sha256_bytes(b"weights")}
    names = sorted(CheckpointManifest.__required_keys__)
    write_json(checkpoint, {**{name: {} for name in names}, "files": sums})
    assert not breaks(chain(results, evaluation))
    weights = checkpoint.parent / "weights" / "model"
    weights.parent.mkdir()
    weights.write_bytes(b"weightz")
    assert breaks(chain(results, evaluation)) == [f"{weights} is not what {checkpoint} says"]
    weights.unlink()
    rows = copy.parent / f"metrics/{cell}/test/greedy.rows.jsonl"
    write_manifest(rows)
    assert not breaks(chain(results, evaluation))
    lines = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(reversed(lines)))
    assert breaks(chain(results, evaluation)) == [f"{rows} is not what its manifest says"]


@pytest.mark.parametrize("content", ["[]", "5", "null"])
def test_a_manifest_that_is_none_is_one_message(tmp_path: Path, content: str) -> None:
    copy = make_study(tmp_path, made_config(), lambda _: 0.5, lambda _: 0.9)
    results = Results.open(copy.parent)
    cell = "sums/tutor/original/L1/small/seed1"
    evaluation = parse_metric(str(copy.parent / f"metrics/{cell}/test/greedy.json"))[1]
    (copy.parent / f"predictions/{cell}/test/greedy.manifest.json").write_text(content)
    with pytest.raises(UserError, match=r"greedy\.manifest\.json: expected a JSON object"):
        chain(results, evaluation)
