"""Reasons: why finished work would be made again, key by key and file by file, with what of it and what that costs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gradus.planning.due_jobs import DueJob
from gradus.planning.inputs import PlanInputs
from gradus.planning.needs import needs_of
from gradus.study import paths
from gradus.study.changed_keys import changed_keys, leaves
from gradus.study.config import RewrittenTransform, Study, base_of, rounding
from gradus.study.grid import cells
from gradus.study.grid import trained as trained_cells

# What is told of, and the rules that make it; what only shows follows from it.
_TEXTS = ("exemplar", "annotate", "teacher_answers", "rewrite", "transform")
MADE: Mapping[str, tuple[str, ...]] = {
    "problems": ("data",),
    "base_models": ("student", "earlier_student", "pretrained_student"),
    "annotations": (*_TEXTS, *(f"{rule}_served" for rule in _TEXTS)),
    "training_sets": ("training_set",),
    "trainings": ("train", "train_on_nodes"),
    "predictions": ("generate", "generate_vllm"),
    "scores": ("score",),
}
_KIND = {rule: kind for kind, rules in MADE.items() for rule in rules}


@dataclass(frozen=True)
class Cause:
    """One thing that changed, and how where that can be shown; ``rounding``: results agree with the former ones but for the last
    bits."""

    what: str
    change: str = ""
    rounding: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.change}" if self.change else self.what


@dataclass(frozen=True)
class Reason:
    """What one cause makes again: finished jobs by kind, and the rank hours of the trainings (None: not known)."""

    because: str
    problems: int
    base_models: int
    annotations: int
    training_sets: int
    trainings: int
    predictions: int
    scores: int
    rank_hours: float | None
    rounding: bool


def reasons(inputs: PlanInputs, jobs: Sequence[DueJob]) -> list[Reason]:
    """One record per cause, in the order of the stages that it reaches first; a job with two causes counts in both.

    Jobs that were never finished are no part of it. A job has the causes of what it is made from.
    """
    reached: dict[Cause, list[DueJob]] = {}
    known: dict[int, frozenset[Cause]] = {}
    for position, job in enumerate(jobs):
        if job.made_before and job.rule in _KIND:
            for cause in _all_causes(inputs.study, jobs, position, known):
                reached.setdefault(cause, []).append(job)
    trained = {inputs.name(paths.WEIGHTS.manifest, cell): cell for cell in trained_cells(cells(inputs.study))}
    hours: dict[frozenset[str], float | None] = {}
    found = []
    for cause, made in reached.items():
        counts = dict.fromkeys(MADE, 0)
        weights = frozenset(path for job in made for path in job.outputs if path in trained)
        for job in made:
            counts[_KIND[job.rule]] += 1
        if weights not in hours:
            hours[weights] = needs_of(inputs, "", [trained[path] for path in sorted(weights)], 0).rank_hours
        found.append(Reason(str(cause), **counts, rank_hours=hours[weights], rounding=cause.rounding))
    kinds = list(MADE)
    return sorted(found, key=lambda one: ([not getattr(one, kind) for kind in kinds], one.because))


def rounding_alone(study: Study, jobs: Sequence[DueJob]) -> dict[str, list[DueJob]]:
    """The finished jobs that are due for keys that change the last bits of results and nothing else, by those keys.

    Weights that were deleted are made again for those who need them: that is no cause of its own.
    """
    users: dict[int, list[int]] = {}
    for position, job in enumerate(jobs):
        for other in job.after:
            users.setdefault(other, []).append(position)
    due_themselves = [any(True for _ in _own_causes(study, job)) for job in jobs]
    needed = {
        position: [user for user in users.get(position, ()) if due_themselves[user]]
        for position, job in enumerate(jobs)
        if job.missing and not any(True for _ in _own_causes(study, replace(job, missing=())))
    }
    bare = [replace(job, missing=()) if needed.get(position) else job for position, job in enumerate(jobs)]
    known: dict[int, frozenset[Cause]] = {}
    found: dict[str, list[DueJob]] = {}
    for position, job in enumerate(jobs):
        if job.made_before and job.rule in _KIND:
            around = (_all_causes(study, bare, user, known) for user in needed.get(position, ()))
            causes = _all_causes(study, bare, position, known).union(*around)
            if causes and all(cause.rounding for cause in causes):
                found.setdefault("; ".join(sorted(map(str, causes))), []).append(job)
    return found


def _all_causes(
    study: Study, jobs: Sequence[DueJob], position: int, known: dict[int, frozenset[Cause]]
) -> frozenset[Cause]:
    """The causes of a job and of those that it waits for; ``known`` keeps them."""
    if position not in known:
        job = jobs[position]
        around = (_all_causes(study, jobs, other, known) for other in job.after)
        known[position] = frozenset(_own_causes(study, job)).union(*around)
    return known[position]


def _own_causes(study: Study, job: DueJob) -> Iterator[Cause]:
    for name, before, now in pairs(job.before, job.now or {}):
        if name == "code":
            yield Cause(f"code that decides what `{job.rule}` writes")
        elif _is_object(now):
            differing = changed_keys(json.loads(before or "{}"), json.loads(now))
            for changed in differing:
                yield _key_cause(study, job, name, *changed)
            if not differing and before != now:  # a key that was null, say, and is not there any more
                yield Cause(f"options of `{job.rule}` ({name})")
        else:
            yield Cause(_named(job, name))
    if job.rule_changed:
        yield Cause(f"the rule `{job.rule}`, or which files it reads")
    for path in job.inputs:
        yield Cause(f"another content of {path}")
    if job.missing:
        yield Cause(f"files of `{job.rule}` that are not there")


def pairs(before: Sequence[str], now: Mapping[str, str]) -> Iterator[tuple[str, str | None, str]]:
    """Every changed param with its name and what most likely stood there before: the value most like it."""
    left = list(before)
    for name, value in now.items():
        alike = [old for old in left if _form(old) == _form(value)]
        best = max(alike, key=lambda old: _likeness(old, value), default=None)
        if best is not None:
            left.remove(best)
        yield name, best, value


def _form(value: str) -> str:
    if _is_object(value):
        return "section"
    if re.fullmatch("[0-9a-f]{16}", value):
        return "code"
    if value in ("", "absent") or re.fullmatch("[0-9a-f]{64}( [0-9a-f]{64})*", value):
        return "content"
    return "text"


def _is_object(value: str) -> bool:
    return value.startswith("{") and value.endswith("}")


def _likeness(one: str, other: str) -> int:
    """How many keys of two sections have the same value; 0 for texts."""
    if not _is_object(one):
        return 0
    mine, theirs = (dict(leaves(json.loads(text))) for text in (one, other))
    return sum(mine[key] == theirs[key] for key in mine.keys() & theirs.keys())


def _key_cause(study: Study, job: DueJob, param: str, key: str, before: str, now: str) -> Cause:
    """A key as the study file has it, with both values."""
    first, change = key.partition(".")[0], f"{before} -> {now}"
    if job.rule in MADE["trainings"]:
        inside = key.removeprefix("recipe.")
        return Cause(_recipe_key(study, job, inside), change, inside.partition(".")[0] in rounding.RECIPE)
    if job.rule == "training_set":
        return Cause(
            _policy_key(study, job, key) if first == "verdict_policy" else _recipe_key(study, job, key), change
        )
    if param == "retry":
        return Cause("retries" if key == "retries" else "verdict_policy: what is drawn again", change)
    if param != "settings":
        return Cause(_named(job, param), change)
    if job.rule in MADE["predictions"]:
        return Cause(f"decodings.{job.wildcards['decoding']}.{key}", change, first in rounding.DECODING)
    warm_up = job.rule in MADE["base_models"] and first == "warm_up"
    return Cause(f"{_section(study, job)}.{key}", change, warm_up and key.split(".")[1] in rounding.RECIPE)


def _policy_key(study: Study, job: DueJob, key: str) -> str:
    """A key of a verdict policy, where the study file has it: the transform's own or that of all."""
    format_ = job.wildcards["format"]
    transform = study.transforms.get(format_)
    return key if transform is None or transform.verdict_policy is None else f"transforms.{format_}.{key}"


def _recipe_key(study: Study, job: DueJob, key: str) -> str:
    """A key of a recipe, where the study file has it: the student's own or that of all."""
    student = base_of(job.wildcards["student"])
    own = study.students[student].recipe
    return f"students.{student}.recipe.{key}" if key.partition(".")[0] in own else f"recipe.{key}"


def _section(study: Study, job: DueJob) -> str:
    """The section of the study file that a rule's settings are."""
    name = dict(job.wildcards)
    if job.rule == "data":
        return f"datasets.{name['dataset']}"
    if job.rule in MADE["base_models"]:
        return f"students.{base_of(name['student'])}"
    transform = study.transforms.get(name.get("format", ""))
    if job.rule == "transform":
        return f"transforms.{name['format']}"
    return f"teachers.{transform.by if isinstance(transform, RewrittenTransform) else name['teacher']}"


def _named(job: DueJob, param: str) -> str:
    """A param that is no section, in words."""
    name = dict(job.wildcards)
    if param == "prompts":
        return f"prompt files of {name['format']}/{name['level']}"
    if param in ("content", "corpus", "template"):
        of = f"dataset {name['dataset']}" if job.rule == "data" else name.get("student") or name.get("teacher", "")
        return f"files that {of} is read from"
    if param == "writer":
        return f"how {name['teacher']} is asked"
    return f"options of `{job.rule}` ({param})"
