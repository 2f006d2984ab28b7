"""Every Eval Ever, schema version 0.3.0 (MIT, github.com/evaleval/every_eval_ever): an aggregate record and its samples.

Identifiers follow from the metric file's content, so that an export made twice is the same files.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path

from gradus import __version__
from gradus.archive.exports.scored_cell import Output, ScoredCell
from gradus.archive.licences import hub_dataset
from gradus.runtime.atomic import canonical_json, sha256_bytes
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json

VERSION = "0.3.0"
# Where the schemas are: a copy of this folder, named by --schemas, is what exports are validated with.
SCHEMAS = "https://github.com/evaleval/every_eval_ever/tree/main/every_eval_ever/schemas"
AGGREGATE_SCHEMA, SAMPLE_SCHEMA = "eval.schema.json", "instance_level_eval.schema.json"
_RESULT = "accuracy"


def files(cell: ScoredCell, owner: str) -> dict[str, bytes]:
    """Path in the datastore and content of both files of a cell."""
    identity = _identity(cell, owner)
    name = str(uuid.UUID(bytes=hashlib.sha256(identity.encode()).digest()[:16], version=4))
    folder = f"data/gradus-{cell.results.study.study}/{owner}/{cell.name}"
    samples = "".join(canonical_json(_sample(cell, output, owner, identity)) + "\n" for output in cell.outputs).encode()
    sidecar = f"{folder}/{name}_samples.jsonl"
    aggregate = {
        **_aggregate(cell, owner, identity),
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": sidecar,
            "hash_algorithm": "sha256",
            "checksum": sha256_bytes(samples),
            "total_rows": len(cell.outputs),
        },
    }
    text = json.dumps(aggregate, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return {f"{folder}/{name}.json": text.encode(), sidecar: samples}


def check(made: dict[str, bytes], schemas: Path) -> None:
    """UserError where a file is not as the schemas in a folder say."""
    from jsonschema import Draft7Validator

    aggregate, sample = (Draft7Validator(read_json(schemas / name)) for name in (AGGREGATE_SCHEMA, SAMPLE_SCHEMA))
    for name, content in made.items():
        values = content.decode().removesuffix("\n").split("\n") if name.endswith(".jsonl") else [content.decode()]
        validator = sample if name.endswith(".jsonl") else aggregate
        for number, value in enumerate(values, 1):
            error = next(iter(validator.iter_errors(json.loads(value))), None)
            if error is not None:
                raise UserError(f"{error.json_path}: {error.message[:300]}", where=name, line=number)


def _identity(cell: ScoredCell, owner: str) -> str:
    evaluated = cell.evaluated
    return f"{cell.results.study.study}/{owner}/{cell.name}/{evaluated.problems}/{evaluated.decoding}/{cell.metrics_sha256[:16]}"


def _model_id(cell: ScoredCell, owner: str) -> str:
    return f"{owner}/{cell.name}"


def _aggregate(cell: ScoredCell, owner: str, identity: str) -> dict[str, object]:
    when = str(int(cell.when.timestamp()))
    return {
        "schema_version": VERSION,
        "evaluation_id": identity,
        "evaluation_timestamp": when,
        "retrieved_timestamp": when,
        "source_metadata": {
            "source_name": f"Gradus, study {cell.results.study.study}",
            "source_type": "evaluation_run",
            "source_organization_name": owner,
            "evaluator_relationship": "third_party" if cell.is_untaught else "first_party",
        },
        "eval_library": {"name": "gradus", "version": __version__},
        "model_info": _model(cell, owner),
        "evaluation_results": [_result(cell)],
    }


def _model(cell: ScoredCell, owner: str) -> dict[str, object]:
    supervision, metrics = cell.evaluated.cell.supervision, cell.metrics
    details = {
        "deployment_type": "self_deployed",
        "model_availability": "unknown",
        "supervision": str(supervision),
        "student": cell.evaluated.cell.student,
        "seed": str(cell.evaluated.cell.seed),
        "training_examples": str(metrics.training_examples),
        "leaked_training_rows": str(metrics.leaked_training_rows),
    }
    if cell.base_model is not None:
        details["base_model"] = cell.base_model
    return {
        "name": cell.name,
        "id": _model_id(cell, owner),
        "developer": owner,
        "inference_engine": {"name": cell.decoding.engine},
        "additional_details": details,
    }


def _result(cell: ScoredCell) -> dict[str, object]:
    metrics = cell.metrics
    details = {
        name: str(getattr(metrics, name))
        for name in ("samples", "truncated", "unparsable", "timeouts", "strict_accuracy", "chance_accuracy")
    }
    if metrics.majority_accuracy is not None:
        details["majority_accuracy"] = str(metrics.majority_accuracy)
    interval = {
        "lower": metrics.interval_low,
        "upper": metrics.interval_high,
        "confidence_level": 0.95,
        "method": "Wilson score interval over the problems",
    }
    return {
        "evaluation_result_id": f"{cell.task}/{_RESULT}",
        "evaluation_name": cell.task,
        "source_data": _source(cell),
        "metric_config": {
            "evaluation_description": "share of texts whose final answer is the gold one, by Gradus' robust rules",
            "metric_id": "accuracy",
            "metric_name": "accuracy",
            "metric_kind": "accuracy",
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": {
            "score": metrics.accuracy,
            "details": details,
            "uncertainty": {"confidence_interval": interval, "num_samples": metrics.n},
        },
        "generation_config": _generation(cell),
    }


def _source(cell: ScoredCell) -> dict[str, object]:
    repository = hub_dataset(cell.results.study, cell.dataset)
    if repository is None:
        first = cell.outputs[0].problem
        return {"dataset_name": cell.dataset, "source_type": "other", "additional_details": {"source": first.source}}
    return {
        "dataset_name": cell.dataset,
        "source_type": "hf_dataset",
        "hf_repo": repository,
        "hf_split": "test" if cell.split == "test" else "train",
        "samples_number": cell.metrics.n,
    }


def _generation(cell: ScoredCell) -> dict[str, object]:
    decoding = cell.decoding
    arguments: dict[str, object] = {"temperature": decoding.temperature}
    if isinstance(decoding.max_new_tokens, int):
        arguments["max_tokens"] = decoding.max_new_tokens
    details = {"decoding": cell.evaluated.decoding, "samples": str(decoding.samples), "beams": str(decoding.beams)}
    if decoding.stop_strings:
        details["stop_strings"] = json.dumps(decoding.stop_strings)
    return {"generation_args": arguments, "additional_details": details}


def _sample(cell: ScoredCell, output: Output, owner: str, identity: str) -> dict[str, object]:
    problem, prediction, scored = output.problem, output.prediction, output.scored
    asked: dict[str, object] = {"raw": problem.question_with_choices, "reference": [problem.answer]}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    read = {
        "turn_idx": 0,
        "source": "output.raw",
        "extracted_value": scored.extracted,
        "extraction_method": "gradus robust rules",
        "is_terminal": True,
    }
    return {
        "schema_version": VERSION,
        "evaluation_id": identity,
        "model_id": _model_id(cell, owner),
        "evaluation_name": cell.task,
        "evaluation_result_id": f"{cell.task}/{_RESULT}",
        "sample_id": problem.id,
        "sample_hash": digest,
        "interaction_type": "single_turn",
        "input": {**asked, **({"choices": list(problem.choices)} if problem.choices else {})},
        "output": {"raw": [prediction.text]},
        "answer_attribution": [] if scored.extracted is None else [read],
        "evaluation": {"score": float(scored.correct), "is_correct": scored.correct},
        "token_usage": {
            "input_tokens": prediction.prompt_tokens,
            "output_tokens": prediction.completion_tokens,
            "total_tokens": prediction.prompt_tokens + prediction.completion_tokens,
        },
        "error": scored.failure if scored.failure == "timeout" else None,
        "metadata": {
            "sample": str(prediction.sample),
            "strict": str(scored.strict),
            "finish_reason": prediction.finish_reason,
        },
    }
