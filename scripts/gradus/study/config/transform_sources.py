"""What the transforms of a study name: teachers, students and formats that exist, and no circle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradus.records.vocabulary import UNTAUGHT
from gradus.runtime.errors import UserError
from gradus.study.config.experiments import NAMED_FORMATS, Experiment
from gradus.study.config.pass_rates import Solver
from gradus.study.config.sections import must_exist
from gradus.study.config.teachers import ChatTeacher
from gradus.study.config.transform_section import TransformSection
from gradus.study.config.transforms import RewrittenTransform


def check_sources(
    name: str, transforms: Mapping[str, TransformSection], teachers: Mapping[str, Any], students: Mapping[str, Any]
) -> None:
    """UserError where a transform names something that is not in the study, or is made from itself."""
    transform = transforms[name]
    taught = tuple(format_ for format_ in (*NAMED_FORMATS, *transforms) if format_ != UNTAUGHT)
    for named, accepted in (
        (transform.teachers(), teachers),
        (transform.students(), students),
        (transform.formats(), taught),
    ):
        for key, value in named.items():
            must_exist(value, accepted, f"transforms.{name}.{key}")
    if isinstance(transform, RewrittenTransform) and not isinstance(teachers[transform.by], ChatTeacher):
        raise UserError(
            f"teacher {transform.by!r} edits no texts",
            where=f"configuration key transforms.{name}.by",
            hint="name a teacher behind a chat interface (openai, anthropic, vllm)",
        )
    if name in _reached(name, transforms):
        raise UserError(
            f"{name!r} is made from itself", where=f"configuration key transforms.{name}", hint="name another format"
        )


def check_solver(
    name: str,
    solver: Solver,
    transforms: Mapping[str, TransformSection],
    teachers: Mapping[str, Any],
    decodings: Mapping[str, Any],
    experiments: Mapping[str, Experiment],
) -> None:
    """UserError where the student that is asked the training problems is no cell of the study, or cannot be asked them."""
    key = f"transforms.{name}.solver"
    if solver.decoding is not None:
        must_exist(solver.decoding, decodings, f"{key}.decoding")
    parts = solver.taught.split("/")
    if parts[1] in transforms:
        raise UserError(
            f"{solver.taught!r} is made by a transform itself",
            where=f"configuration key {key}.taught",
            hint="ask a student that was taught a teacher's texts, or nothing",
        )
    if getattr(teachers.get(parts[0]), "shots", 0):
        raise UserError(
            "the worked examples of this student would be among the problems that it is asked",
            where=f"configuration key {key}.taught",
            hint="name an untaught teacher without shots, or a trained student",
        )
    using = [one for one in experiments.values() if name in {*one.formats, *(b.split("/")[1] for b in one.baselines)}]
    for dataset in dict.fromkeys(dataset for one in using for dataset in one.datasets):
        asked = [one for one in experiments.values() if one.asks_for(dataset, parts, solver.student)]
        if not any(parts[1] == UNTAUGHT or solver.seed in one.seeds for one in asked):
            raise UserError(
                f"no experiment has {solver.student} taught {solver.taught} on {dataset} with seed {solver.seed}",
                where=f"configuration key {key}",
                hint="add it to the baselines of an experiment, or ask another student",
            )


def _reached(name: str, transforms: Mapping[str, TransformSection]) -> set[str]:
    """All formats that a transform is made from, directly or through others."""
    reached, waiting = set[str](), [name]
    while waiting:
        made = transforms.get(waiting.pop())
        read = set(() if made is None else made.formats().values()) - reached
        reached |= read
        waiting += read
    return reached
