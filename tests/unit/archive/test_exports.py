"""`export.py`: scored cells in the formats that others read, the same bytes each time.

Every Eval Ever's schemas are not in this project (their address is in the program's help). What is checked here is what version
0.3.0 of them asks for, in our words; when this was written, the exports of a made study passed the schemas themselves too.
"""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import tiny_study
from made_study import make_study
from running import program

from gradus.archive.exports.scored_cell import scored_cells
from gradus.archive.publishing.contents import student_uploads
from gradus.evaluation.formats import read_run
from gradus.runtime.errors import UserError
from gradus.study import paths

STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
NAMES = ("dataset_name", "source_type", "hf_repo", "hf_split", "samples_number", "additional_details")


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object of exactly these fields."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


TEXT, WHOLE, NUMBER, TRUTH = ({"type": name} for name in ("string", "integer", "number", "boolean"))
TEXTS = {"type": "array", "items": TEXT}
AGGREGATE = closed(
    {
        "schema_version": {"const": "0.3.0"},
        "evaluation_id": TEXT,
        "retrieved_timestamp": {"type": "string", "pattern": r"^\d+$"},
        "source_metadata": closed(
            {
                "source_type": {"enum": ["documentation", "evaluation_run"]},
                "source_organization_name": TEXT,
                "evaluator_relationship": {"enum": ["first_party", "third_party", "collaborative", "other"]},
            },
            {"source_name": TEXT},
        ),
        "eval_library": closed({"name": TEXT, "version": TEXT}),
        "model_info": closed(
            {
                "name": TEXT,
                "id": {"type": "string", "pattern": "^[^/]+/[^/]+$"},
                "additional_details": {**STRINGS, "required": ["deployment_type", "model_availability"]},
            },
            {"developer": TEXT, "inference_engine": closed({"name": TEXT})},
        ),
        "evaluation_results": {
            "type": "array",
            "minItems": 1,
            "items": closed(
                {
                    "evaluation_name": TEXT,
                    "source_data": {"required": ["dataset_name", "source_type"], "propertyNames": {"enum": list(NAMES)}},
                    "metric_config": {"required": ["lower_is_better", "metric_id"]},
                    "score_details": closed({"score": NUMBER}, {"details": STRINGS, "uncertainty": {"type": "object"}}),
                },
                {
                    "evaluation_result_id": TEXT,
                    "generation_config": closed({"generation_args": {"type": "object"}, "additional_details": STRINGS}),
                },
            ),
        },
    },
    {
        "evaluation_timestamp": TEXT,
        "detailed_evaluation_results": closed(
            {
                "format": {"const": "jsonl"},
                "file_path": {"type": "string", "pattern": "^data(/[^/]+){3}/[0-9a-f-]{14}4[0-9a-f-]{21}_samples[.]jsonl$"},
                "hash_algorithm": {"const": "sha256"},
                "checksum": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "total_rows": WHOLE,
            }
        ),
    },
)  # fmt: skip
READ = {
    "turn_idx": WHOLE,
    "source": TEXT,
    "extracted_value": TEXT,
    "extraction_method": TEXT,
    "is_terminal": TRUTH,
}
SAMPLE = closed(
    {
        "schema_version": {"const": "0.3.0"},
        "evaluation_id": TEXT,
        "model_id": TEXT,
        "evaluation_name": TEXT,
        "sample_id": TEXT,
        "interaction_type": {"const": "single_turn"},
        "input": closed({"raw": TEXT, "reference": TEXTS}, {"choices": TEXTS}),
        "answer_attribution": {"type": "array", "items": closed(READ)},
        "evaluation": closed({"score": NUMBER, "is_correct": TRUTH}),
        "output": closed({"raw": TEXTS}),
    },
    {
        "evaluation_result_id": TEXT,
        "sample_hash": TEXT,
        "token_usage": closed(dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), WHOLE)),
        "error": {"type": ["string", "null"]},
        "metadata": STRINGS,
    },
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny` with generated problems, and `hub`, which says that its dataset is GSM8K."""
    folder = tmp_path_factory.mktemp("exported")
    for name in ("tiny", "hub"):
        config = tiny_study(name)
        config["datasets"] = {"sums": config["datasets"]["gradeschool"]}
        config["experiments"] = {"granularity": {**config["experiments"]["granularity"], "datasets": ["sums"]}}
        copied = make_study(folder, copy.deepcopy(config), lambda cell: 0.5, lambda supervision: 0.5)
    study = json.loads(copied.read_text(encoding="utf-8"))
    study["datasets"]["sums"] = {"source": "gsm8k"}
    copied.write_text(json.dumps(study), encoding="utf-8")
    return folder / "results"


def exported(output: Path, *options: Any) -> dict[str, str]:
    done = program("export", *options, "--output", output, folder=output.parent)
    assert done.returncode == 0, done.stderr
    return {
        str(path.relative_to(output)): path.read_text(encoding="utf-8") for path in output.rglob("*") if path.is_file()
    }


def test_every_eval_ever(folder: Path, tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    (schemas / "eval.schema.json").write_text(json.dumps(AGGREGATE), encoding="utf-8")
    (schemas / "instance_level_eval.schema.json").write_text(json.dumps(SAMPLE), encoding="utf-8")
    made = exported(tmp_path / "a", folder / "tiny", "--to", "eee", "--owner", "ours", "--schemas", schemas)
    cells = list(scored_cells(folder / "tiny"))
    assert len(made) == 2 * len(cells) == 8
    for name, text in made.items():
        if name.endswith(".jsonl"):
            continue
        aggregate = json.loads(text)
        samples = [
            json.loads(line) for line in made[aggregate["detailed_evaluation_results"]["file_path"]].splitlines()
        ]
        assert {one["evaluation_id"] for one in samples} == {aggregate["evaluation_id"]}
        assert {one["model_id"] for one in samples} == {aggregate["model_info"]["id"]}
        [result] = aggregate["evaluation_results"]
        right = sum(one["evaluation"]["is_correct"] for one in samples) / len(samples)
        assert result["score_details"]["score"] == pytest.approx(right)
        assert re.fullmatch(r"data/gradus-tiny/ours/tiny-sums-\S+-seed1/[0-9a-f-]{36}\.json", name)
    assert exported(tmp_path / "b", folder / "tiny", "--to", "eee", "--owner", "ours") == made, "the same each time"


def test_what_the_schemas_refuse_is_told(folder: Path, tmp_path: Path) -> None:
    for name in ("eval", "instance_level_eval"):
        wrong = {"properties": {"schema_version": {"const": "9"}}}
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(wrong), encoding="utf-8")
    done = program(
        "export", folder / "tiny", "--to", "eee", "--schemas", tmp_path, "--output", tmp_path, folder=tmp_path
    )
    assert done.returncode == 1 and "$.schema_version: '9' was expected" in done.stderr


def test_lm_eval_samples_are_read_back(folder: Path, tmp_path: Path) -> None:
    part = folder / "tiny" / "metrics" / "sums" / "tutor"
    made = exported(tmp_path / "a", part, "--to", "lm-eval")
    cells = list(scored_cells(part))
    assert len(made) == len(cells) == 2
    for cell, name in zip(cells, sorted(made, key=lambda name: "midi" not in name), strict=True):
        assert re.fullmatch(r"tiny-sums-tutor-original-L1-m\wd?\w+-seed1/samples_sums_[\dT.-]+\.jsonl", name)
        samples = read_run([tmp_path / "a" / name])
        assert [one.text for one in samples] == [one.prediction.text for one in cell.outputs]
        assert [one.golds for one in samples] == [(one.problem.answer,) for one in cell.outputs]
        assert [one.score("exact_match,robust") for one in samples] == [one.scored.correct for one in cell.outputs]
        assert {one.task for one in samples} == {"sums"}


@pytest.mark.parametrize("to", ["eee", "lm-eval"])
def test_one_cell_is_named_by_its_metric_file(folder: Path, tmp_path: Path, to: str) -> None:
    [metric] = (folder / "tiny" / "metrics" / "sums" / "tutor").glob("original/L1/mini/seed1/test/greedy.json")
    one, all_ = exported(tmp_path / "one", metric, "--to", to), exported(tmp_path / "all", folder / "tiny", "--to", to)
    assert len(one) == (2 if to == "eee" else 1) and one.items() <= all_.items()


def test_the_hubs_results(folder: Path, tmp_path: Path) -> None:
    made = exported(tmp_path / "a", folder / "hub", "--to", "hub")
    cells = {f"{cell.name}/.eval_results/sums.yaml": cell for cell in scored_cells(folder / "hub")}
    assert made.keys() == cells.keys()
    for name, cell in cells.items():
        [entry] = yaml.safe_load(made[name])
        assert entry["dataset"] == {"id": "openai/gsm8k", "task_id": "gsm8k"}
        assert entry["value"] == round(100 * cell.metrics.accuracy, 2)
        assert "95 % interval" in entry["notes"] and re.fullmatch(r"\d{4}-\d\d-\d\d", entry["date"])


def test_what_cannot_be_exported_is_one_message(folder: Path, tmp_path: Path) -> None:
    done = program("export", folder / "tiny", "--to", "hub", "--output", tmp_path / "x", folder=tmp_path)
    assert (
        done.returncode == 1 and "none of these cells was asked the test split of a dataset of the Hub" in done.stderr
    )
    with pytest.raises(UserError, match="no scored cell"):
        list(scored_cells(tmp_path))


def test_a_published_student_brings_its_scores_as_the_hub_reads_them(folder: Path, tmp_path: Path) -> None:
    for study, expected in (("hub", {".eval_results/sums.yaml"}), ("tiny", set[str]())):
        cell = next(scored_cells(folder / study)).evaluated.cell
        checkpoint = folder / study / f"checkpoints/{cell.supervision}/{cell.student}/seed{cell.seed}"
        card = folder.parent / paths.MODEL_CARD.of(study, cell)
        for path in (checkpoint / "weights" / "config.json", card):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}", encoding="utf-8")
        sent = {upload.name: upload for upload in student_uploads(checkpoint, tmp_path / study)}
        assert sent.keys() == {"README.md", "config.json", *expected}
        for name in expected:
            [entry] = yaml.safe_load(sent[name].path.read_text(encoding="utf-8"))
            assert entry["dataset"]["id"] == "openai/gsm8k"
