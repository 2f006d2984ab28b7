"""Item scores: the runs of a comparison, from the samples that a harness or program wrote with its own scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gradus.records.runs import ItemScore, ScoredRun
from gradus.records.samples import Sample
from gradus.runtime.errors import UserError

Repeats = Literal["mean", "runs"]
# The task of samples that name none: all such files are of one task.
ITEMS = "items"


@dataclass(frozen=True)
class ScoreChoice:
    """Which score is taken and how.

    Its name (the first of ``metrics`` that a task has; of none, the first that all its files have), its range (``worst`` to
    ``best`` become 0 to 1), what becomes of several samples of an item (their mean, or a run each), and the name of the task
    (None: as the file says).
    """

    metrics: tuple[str, ...] = ()
    worst: float = 0.0
    best: float = 1.0
    repeats: Repeats = "mean"
    task: str | None = None


def task_of(sample: Sample, choice: ScoreChoice) -> str:
    """The name that a sample's task is compared by."""
    return choice.task or sample.task or ITEMS


def clustered(samples: list[Sample], field: str | None) -> list[Sample]:
    """The samples as they are; UserError where a field was named that tells their clusters, and some sample has none."""
    for sample in samples if field else ():
        if sample.cluster is None:
            what = f"nothing under {field!r} tells the cluster of item {sample.id}"
            raise UserError(what, where=sample.where, hint="a column, or a field of the document or the metadata")
    return samples


def metrics_by_task(files: Iterable[Sequence[Sample]], choice: ScoreChoice) -> dict[str, str]:
    """The score to take for every task: the first that was asked for, else the first, of those that every file of it has.

    UserError where there is none.
    """
    shared: dict[str, list[str]] = {}
    for samples in files:
        found: dict[str, dict[str, None]] = {}
        for sample in samples:
            found.setdefault(task_of(sample, choice), {}).update(dict.fromkeys(sample.scores))
        for task, names in found.items():
            if not names:
                hint = "score its texts first: scripts/score.py --rows writes a file of scores"
                raise UserError(f"{task} has texts and no scores", where=samples[0].where, hint=hint)
            if choice.metrics and not any(name in names for name in choice.metrics):
                what = f"{task} has no score {' or '.join(choice.metrics)}"
                raise UserError(what, where=samples[0].where, hint=f"there are: {', '.join(names)}")
            known = shared.setdefault(task, list(names))
            both = [name for name in known if name in names]
            if not both:
                what = f"{task} has the scores {', '.join(names)} here and {', '.join(known)} elsewhere"
                raise UserError(what, where=samples[0].where)
            shared[task] = both
    return {
        task: next((metric for metric in choice.metrics if metric in names), names[0]) for task, names in shared.items()
    }


def scored_runs(
    source: str, samples: Sequence[Sample], metrics: Mapping[str, str], choice: ScoreChoice
) -> list[ScoredRun]:
    """The runs of a file or folder: one for each task, and for each sample number where repeats are runs.

    UserError for a score outside its range.
    """
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((task_of(sample, choice), sample.run), []).append(sample)
    found = []
    several = len({run for _, run in groups}) > 1
    for (task, run), group in groups.items():
        found += _of_task(f"{source} ({run})" if several else source, task, group, metrics[task], choice)
    return found


def _of_task(source: str, task: str, samples: Sequence[Sample], metric: str, choice: ScoreChoice) -> list[ScoredRun]:
    by_id: dict[str, list[Sample]] = {}
    for sample in samples:
        by_id.setdefault(sample.id, []).append(sample)
    scored = {name: kept for name, group in by_id.items() if (kept := [one for one in group if metric in one.scores])}
    if not scored:
        raise UserError(f"no item of {task} has a score {metric!r}", where=source)
    notes = []
    others = list(dict.fromkeys(name for sample in samples for name in sample.scores if name != metric))
    if others and not choice.metrics:
        notes.append(f"the score {metric} is compared; there is also {', '.join(others[:6])} (--metric)")
    if len(scored) < len(by_id):
        notes.append(f"{source}: items without a score, which count as missing: {len(by_id) - len(scored)}")
    most = max(map(len, scored.values()))
    if most > 1 and choice.repeats == "runs":
        numbers = sorted({one.sample for group in scored.values() for one in group})
        picked = {number: _numbered(scored, number) for number in numbers}
        return [_run(f"{source}#{number}", task, metric, group, notes, choice) for number, group in picked.items()]
    if most > 1:
        notes.append(f"{source}: up to {most} samples of an item, averaged (--repeats runs takes each as a run)")
    return [_run(source, task, metric, scored, notes, choice)]


def _numbered(scored: Mapping[str, Sequence[Sample]], number: int) -> dict[str, list[Sample]]:
    picked = {name: [one for one in group if one.sample == number] for name, group in scored.items()}
    return {name: group for name, group in picked.items() if group}


def _run(
    source: str,
    task: str,
    metric: str,
    scored: Mapping[str, Sequence[Sample]],
    notes: Sequence[str],
    choice: ScoreChoice,
) -> ScoredRun:
    items = {}
    for name, group in scored.items():
        shares = [_share(one, metric, choice) for one in group]
        gold = "; ".join(group[0].golds) or None
        items[name] = ItemScore(sum(shares) / len(shares), group[0].cluster, gold, group[0].question)
    return ScoredRun(source, task, metric, items, tuple(notes))


def _share(sample: Sample, metric: str, choice: ScoreChoice) -> float:
    share = (sample.scores[metric] - choice.worst) / (choice.best - choice.worst)
    if not 0 <= share <= 1:
        what = f"the score {metric} {sample.scores[metric]:g} is not between {choice.worst:g} and {choice.best:g}"
        raise UserError(what, where=sample.where, hint="--scale WORST,BEST tells the range of the scores")
    return share
