"""A finished study whose numbers are made up: every file that tables, figures and findings read, and no training.

Accuracies come from ``gradus.statistics.simulation``, so that what is true of the study is known.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from builders import tiny_study

from gradus.evaluation.scoring import score
from gradus.records import Annotation, Cell, Problem, Supervision
from gradus.statistics.simulation import DIFFICULTY_SD
from gradus.study import paths
from gradus.study.config import load
from gradus.study.grid import accuracy_supervisions, cells, evaluations, is_untaught, splits, supervisions
from gradus.study.paths import Artifact

LEVELS = ("L1", "L2", "L3", "L4", "L5", "L6")


def made_config() -> dict[str, Any]:
    """Three students, six levels, three seeds, answer-only, formats, padding, and a teacher tested itself."""
    config = tiny_study("made")
    student = config["students"]["mini"]
    config["students"] = {name: copy.deepcopy(student) for name in ("small", "medium", "large")}
    config["datasets"] = {
        name: {"source": "gradeschool", "seed": seed, "train": 24, "test": 400}
        for seed, name in ((1, "sums"), (2, "more-sums"))
    }
    config["transforms"] = {
        "padded-to-L5": {"kind": "padded", "target": "L5", "tokenizer": "small", "filler": "neutral"}
    }
    experiment = config["experiments"]["granularity"]
    everything = {"datasets": ["sums", "more-sums"], "students": ["small", "medium", "large"], "seeds": [1, 2, 3]}
    config["experiments"] = {
        "granularity": {**experiment, **everything, "levels": list(LEVELS), "baselines": []},
        "answer-only": {
            "question": "What do bare answers teach?",
            "axis": "teacher",
            "teachers": ["gold"],
            "formats": ["answer-only"],
            "levels": ["native"],
            **everything,
            "seeds": [1],
        },
        "format": {
            "question": "Which format?",
            "axis": "format",
            "teachers": ["tutor"],
            "formats": ["original", "least-to-most", "symbolic"],
            "levels": ["L3"],
            **everything,
        },
        "padding": {
            "question": "Is it the length?",
            "axis": "level",
            "teachers": ["tutor"],
            "formats": ["original"],
            "levels": ["L1", "L5"],
            "baselines": ["tutor/padded-to-L5/L1"],
            **everything,
        },
    }
    config["teacher_accuracy"] = {
        "tutor": {"question": "Can it?", "datasets": ["sums"], "teachers": ["tutor"], "levels": list(LEVELS)}
    }
    return config


def make_study(
    folder: Path, config: Mapping[str, Any], truth: Callable[[Cell], float], teacher: Callable[[Supervision], float]
) -> Path:
    """Write the files below ``folder`` (which programs are then started in); the path of the resolved study."""
    study = load(dict(config), "made")
    rng = np.random.default_rng(8)

    def write(pattern: Artifact, supervision: Any, value: Any, lines: bool = False, **wildcards: Any) -> Path:
        path = folder / pattern.of(study, supervision, **wildcards)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(one) + "\n" for one in value) if lines else json.dumps(value)
        path.write_text(text, encoding="utf-8")
        return path

    problems: dict[tuple[str, str], list[Problem]] = {}
    difficulty: dict[tuple[str, str], Any] = {}
    for name, dataset in study.datasets.items():
        held_out = [split for split in splits(study, name) if split != "train"]
        for split in sorted(held_out, key=["test", "development"].index):
            count = dataset.test if split == "test" else dataset.test // 2  # type: ignore[union-attr]
            mark = "" if split == "test" else f"{split}-"
            made = [
                Problem(
                    f"{name}-{mark}{n}",
                    name,
                    split,
                    f"How many are {mark}{n}?",
                    None,
                    str(n),
                    "number",
                    None,
                    None,
                    "made up",
                    None,
                )
                for n in range(count)
            ]
            problems[name, split] = made
            difficulty[name, split] = rng.normal(0, DIFFICULTY_SD, len(made))
            write(paths.PROBLEMS, None, [one.to_json() for one in made], True, dataset=name, split=split)
        audit = {"dataset": name, "source": "made up", "train": 24, "test": len(problems[name, "test"])}
        write(paths.AUDIT, None, {**audit, "test_questions_in_train_normalised": []}, dataset=name)

    def solved(source: tuple[str, str], accuracy: float) -> list[bool]:
        from scipy.stats import norm

        spread = np.sqrt(1 + DIFFICULTY_SD**2)
        chances = norm.cdf(spread * norm.ppf(np.clip(accuracy, 0.005, 0.995)) + difficulty[source])
        return [bool(one) for one in rng.random(len(chances)) < chances]

    from gradus.records import Prediction

    for cell, asked in evaluations(study, cells(study)):
        source = paths.split_of(cell.supervision.dataset, asked)
        right = solved(source, truth(cell) + rng.normal(0, 0.01))
        written = [
            Prediction(
                one.id,
                0,
                "made",
                f"So it is. The answer is {one.answer if yes else int(one.answer) + 1}.",
                "stop",
                20,
                30,
            )
            for one, yes in zip(problems[source], right, strict=True)
        ]
        rows, metric = score(problems[source], problems[source][:1], written)
        taught = {"training_examples": 24, "leaked_training_rows": 0, "excerpt": False}
        facts = {**cell.wildcards(), "problems": asked, "decoding": "greedy"}
        write(paths.PREDICTIONS, cell, [one.to_json() for one in written], True, problems=asked, decoding="greedy")
        write(paths.SCORED, cell, [one.to_json() for one in rows], True, problems=asked, decoding="greedy")
        write(paths.METRICS, cell, {**facts, **metric.to_json(), **taught}, problems=asked, decoding="greedy")
        supervision = cell.supervision
        if asked != "test" or is_untaught(supervision):
            continue
        losses = (3.0 - truth(cell), 0.5)
        trace = [{"step": step, "loss": loss, "padding_share": 0.25} for step, loss in enumerate(losses, 1)]
        write(paths.TRACE, cell, trace, True)
        lengths = {"rows": 24, "mean_tokens": 60.0, "leaked": [], "excerpt": False}
        write(paths.TRAINING_SET.manifest, supervision, lengths, student=cell.student)
    audits = []
    for number, supervision in enumerate(supervisions(study)):
        counts = {"rows": 24, "mean_words": 20.0 + number, "verdicts": {"agrees": 24}, "without_annotation": []}
        write(paths.ANNOTATIONS.manifest, supervision, counts)
        traits = {"words": 20.0 + number, "steps": 3.0, "operators": 2.0, "distinct_2": 0.5, "compression": 0.4}
        audits.append(
            {
                "supervision": str(supervision),
                "rows": 24,
                "words": {"mean": 20.0 + number},
                "output_tokens": 900 + number,
                "price_usd": None,
                "traits": {} if supervision.format == "answer-only" else traits,
            }
        )
    write(paths.ANNOTATION_AUDIT, None, {"supervisions": audits, "stale_exemplars": []})
    for supervision in accuracy_supervisions(study):
        right = solved((supervision.dataset, "test"), teacher(supervision))
        answers = [
            Annotation(
                one.id, 0, 0, supervision.dataset, supervision.teacher, supervision.format, supervision.level, "So.", one.answer,
                "agrees" if yes else "disagrees", "h", "made", {}, "stop", {}, None,
            )
            for one, yes in zip(problems[supervision.dataset, "test"], right, strict=True)
        ]  # fmt: skip
        write(paths.TEACHER_ANSWERS, supervision, [one.to_json() for one in answers], True)
        write(paths.TEACHER_ANSWERS.manifest, supervision, {"rows": len(answers)})
        write(paths.TEACHER_ACCURACY, supervision, {"accuracy": sum(right) / len(right)})
    return write(paths.STUDY_COPY, None, study.model_dump(mode="json"))
