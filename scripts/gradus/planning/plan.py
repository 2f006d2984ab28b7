"""The plan: what a study asks for and takes, computed from its file (and what is there already)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gradus.planning.inputs import PlanInputs
from gradus.planning.needs import WHOLE, Needs, needs_of
from gradus.planning.pending_changes import Change
from gradus.planning.power import DeclaredPower
from gradus.planning.quotation import Quotation
from gradus.planning.quote import NOTHING, Quote
from gradus.planning.reasons import Reason
from gradus.presentation.table import Table
from gradus.records import Supervision
from gradus.records.vocabulary import Split
from gradus.study.config import ChatTeacher, PretrainedStudent, RewrittenTransform, Study, is_point
from gradus.study.grid import (
    accuracy_supervisions,
    cells,
    experiment_cells,
    experiment_supervisions,
    missing_supervisions,
    supervisions,
    with_sources,
)

# Thoughts of a few thousand tokens are usual.
ENOUGH_TO_THINK = 4096

# The quotes of some supervisions, as the texts for training or as a teacher's own test.
Quotes = Mapping[tuple[Split, Supervision], Quote]


# What a trial reads of a recipe; a learning rate, say, fits any model.
TRIED = ("adapter", "attention", "cutoff_tokens", "layout", "lm_head")


@dataclass(frozen=True)
class TrialState:
    """How the trial of a pretrained student stands: ``fits``, ``fits another recipe``, or ``not tried yet``; and its notes."""

    trial: str
    architecture: str
    positions: str
    notes: str


@dataclass(frozen=True)
class KnownFit:
    """How natural a supervision's texts are to an untrained student, where it was computed (``snakemake student_fits``)."""

    student: str
    supervision: str
    surprisal: float
    rank_surprisal_ratio: float
    local_surprisal: float


@dataclass(frozen=True)
class Plan:
    """Needs per experiment, and quotes of the remote teachers per experiment and per value of each axis.

    ``jobs`` counts what Snakemake would run now by rule, ``changes`` says what that is in cells, requests and hours;
    ``assumed_sizes`` says of which datasets the number of problems is not known;
    ``narrow`` has teachers that think, and may write so few tokens that thoughts can take them all;
    ``trials`` has the study's pretrained students, ``single_runs`` the experiments with one seed, ``fits`` what is known of the
    texts before any training.
    """

    needs: Sequence[Needs]
    quotes: Mapping[str, Quote]
    missing: Sequence[str]
    jobs: Mapping[str, int]
    changes: Sequence[Change]
    trials: Mapping[str, TrialState]
    single_runs: Sequence[str]
    declared: Sequence[DeclaredPower] = ()
    assumed_sizes: Mapping[str, str] = field(default_factory=dict)
    fits: Sequence[KnownFit] = ()
    narrow: Mapping[str, int] = field(default_factory=dict)
    reasons: Sequence[Reason] = ()

    def to_json(self) -> dict[str, object]:
        """The plan for machines."""
        return {
            "lines": [asdict(needs) for needs in self.needs],
            "quotes": {name: asdict(found) for name, found in self.quotes.items()},
            "assumed_sizes": dict(self.assumed_sizes),
            "missing": self.missing,
            "declared": [asdict(one) for one in self.declared],
            "trials": {name: asdict(state) for name, state in self.trials.items()},
            "single_runs": list(self.single_runs),
            "fits": [asdict(one) for one in self.fits],
            "narrow": dict(self.narrow),
            "would_run": [asdict(change) for change in self.changes],
            "made_again_because": [asdict(reason) for reason in self.reasons],
            "jobs": self.jobs,
        }

    def to_markdown(self) -> str:
        """The plan for people, as tables."""
        parts = []
        if self.assumed_sizes:
            parts += [_ASSUMED_NOTE, "".join(f"- {name}: {why}\n" for name, why in self.assumed_sizes.items())]
        parts.append(_table([asdict(needs) for needs in self.needs]))
        if self.quotes:
            requests = [{"what the teachers are asked": name, **asdict(quote)} for name, quote in self.quotes.items()]
            parts += [_table(requests), f"{_QUOTE_NOTE}\n"]
        if self.narrow:
            parts.append(f"{_NARROW_NOTE} {', '.join(f'{name} ({most:,})' for name, most in self.narrow.items())}.\n")
        parts.append(f"{_TRAINING_NOTE}\n")
        if self.declared:
            parts += [_table([_in_points(one) for one in self.declared]), f"{_DECLARED_NOTE}\n"]
        if self.single_runs:
            parts.append(f"{_single_runs_note(self.single_runs)}\n")
        if self.trials:
            parts.append(_table([{"pretrained student": name, **asdict(one)} for name, one in self.trials.items()]))
        if self.fits:
            parts += [_table([asdict(one) for one in self.fits]), f"{_FITS_NOTE}\n"]
        if self.missing:
            parts.append("Missing, because their released files are not there (not run, not in any table):\n")
            parts.append("".join(f"- {supervision}\n" for supervision in self.missing))
        if self.changes:
            parts += [_table([asdict(change) for change in self.changes]), f"{_CHANGES_NOTE}\n"]
        parts += _why(self.reasons)
        jobs = [{"jobs that would run now": rule, "count": count} for rule, count in self.jobs.items()]
        parts.append(_table(jobs) if jobs else "Nothing is left to run.\n")
        return "\n".join(parts)


def plan(
    inputs: PlanInputs,
    jobs: Mapping[str, int],
    changes: Sequence[Change],
    declared: Sequence[DeclaredPower] = (),
    reasons: Sequence[Reason] = (),
) -> Plan:
    """What the study needs; the last needs and the quote ``the whole study`` count what is shared once."""
    study = inputs.study
    needs = [
        needs_of(inputs, name, experiment_cells(study, experiment), len(experiment_supervisions(study, experiment)))
        for name, experiment in study.experiments.items()
    ]
    needs.append(needs_of(inputs, WHOLE, cells(study), len(supervisions(study))))
    single_runs = [name for name, experiment in study.experiments.items() if len(set(experiment.seeds)) == 1]
    missing = [str(supervision) for supervision in missing_supervisions(study)]
    asked = requested(inputs)
    return Plan(
        needs,
        _totals(inputs, asked),
        missing,
        jobs,
        changes,
        _trials(inputs),
        single_runs,
        declared,
        inputs.assumed_sizes,
        _fits(inputs),
        _narrow(study, asked),
        reasons,
    )


def _narrow(study: Study, asked: Quotes) -> dict[str, int]:
    """The longest output of teachers that think before they answer, where it is short for both; of those that are asked."""
    found = {}
    for name in dict.fromkeys(_asked(study, supervision) for _, supervision in asked):
        teacher = study.teachers[name]
        if isinstance(teacher, ChatTeacher) and teacher.thinks and teacher.max_output_tokens < ENOUGH_TO_THINK:
            found[name] = teacher.max_output_tokens
    return found


def _fits(inputs: PlanInputs) -> list[KnownFit]:
    """The fits that are there, by student and dataset, in the order of the study."""
    pairs = dict.fromkeys((cell.student, cell.supervision) for cell in cells(inputs.study))
    found = []
    for student, supervision in sorted(pairs, key=lambda pair: (pair[0], pair[1].dataset)):
        fit = inputs.results.find_fit(supervision, student)
        if fit is not None:
            found.append(KnownFit(student, str(supervision), fit.surprisal, fit.rsr, fit.local_surprisal))
    return found


def _trials(inputs: PlanInputs) -> dict[str, TrialState]:
    """The trials of the pretrained students; one that was tried with another recipe than today's says so."""
    found = {}
    for name, section in inputs.study.students.items():
        if not isinstance(section, PretrainedStudent) or is_point(name):
            continue
        trial, slow = inputs.trial(name), []
        if section.resources.gpus_per_rank == 0 and inputs.study.recipe_of(name).precision == "bf16":
            slow = ["bf16 takes most CPUs several times as long as recipe.precision: fp32"]
        if trial is None:
            found[name] = TrialState("not tried yet", "", "", *slow or [""])
            continue
        before, now = trial["demands"]["recipe"], inputs.study.recipe_of(name).model_dump()
        same = all(before.get(key) == now.get(key) for key in TRIED)
        positions = "no limit" if trial["positions"] is None else f"{trial['positions']:,}"
        state = "fits" if same else "fits another recipe"
        found[name] = TrialState(state, trial["architecture"], positions, "; ".join([*trial["notes"], *slow]))
    return found


def requested(inputs: PlanInputs) -> Quotes:
    """The quote of every supervision for which a teacher is asked anything, and of every test of a teacher's own."""
    needed: list[tuple[Split, Supervision]] = [
        *(("train", supervision) for supervision in supervisions(inputs.study)),
        *(("test", supervision) for supervision in tested_supervisions(inputs.study)),
    ]
    quotation = Quotation(inputs)
    quotes = {(split, supervision): quotation.of(supervision, split) for split, supervision in needed}
    return {key: found for key, found in quotes.items() if found.requests}


def tested_supervisions(study: Study) -> list[Supervision]:
    """The supervisions in which teachers are tested themselves, each once; a rewrite's original comes before it."""
    found: dict[Supervision, None] = {}
    for supervision in accuracy_supervisions(study):
        found |= {supervision.original(): None, supervision: None}
    return list(found)


def _totals(inputs: PlanInputs, quotes: Quotes) -> dict[str, Quote]:
    """Per experiment, per teacher, format and level, for the teachers' own tests, the exemplars and the study."""
    if not quotes:
        return {}
    study = inputs.study
    totals: dict[str, Quote] = {}
    for name, experiment in study.experiments.items():
        needed = {
            supervision
            for asked in experiment_supervisions(study, experiment)
            for supervision in with_sources(study, asked)
        }
        totals[f"experiment {name}"] = _total(quotes[key] for key in quotes if key[0] == "train" and key[1] in needed)
    for axis in ("teacher", "format", "level"):
        values = {key: _asked(study, key[1]) if axis == "teacher" else str(getattr(key[1], axis)) for key in quotes}
        for value in dict.fromkeys(values.values()):
            totals[f"{axis} {value}"] = _total(quotes[key] for key in quotes if values[key] == value)
    tests = [found for (split, _), found in quotes.items() if split == "test"]
    if tests:
        totals["teacher accuracy"] = _total(tests)
    exemplars = Quotation(inputs).of_exemplars([supervision for _, supervision in quotes])
    if exemplars.requests:
        totals["exemplars"] = exemplars
    totals[WHOLE] = _total(quotes.values()) + exemplars
    return totals


def _asked(study: Study, supervision: Supervision) -> str:
    """The teacher that is asked for a supervision: its own, or the one that edits its texts."""
    transform = study.transforms.get(supervision.format)
    return transform.by if isinstance(transform, RewrittenTransform) else supervision.teacher


def _total(quotes: Iterable[Quote]) -> Quote:
    return sum(quotes, NOTHING)


def _why(reasons: Sequence[Reason]) -> list[str]:
    """The table of what is made again and why, with its notes; nothing where nothing is."""
    if not reasons:
        return []
    rows = [
        {name: value for name, value in asdict(one).items() if name != "rounding"} for one in reasons[:_MOST_REASONS]
    ]
    left = len(reasons) - len(rows)
    parts = [_table(rows), f"{_WHY_NOTE}\n"]
    if left:
        parts.append(f"{left} more causes are in plan.json (`made_again_because`).\n")
    last_bits = [one.because.partition(":")[0] for one in reasons if one.rounding]
    return [*parts, f"{', '.join(dict.fromkeys(last_bits))}: {_ROUNDING_NOTE}\n"] if last_bits else parts


def _single_runs_note(experiments: Sequence[str]) -> str:
    """What experiments with one seed cannot say, told before anything runs."""
    listed = ", ".join(experiments)
    return (
        f"One seed: {listed}. Its differences are between two checkpoints, not between two conditions: every statement will "
        "read `one run: no verdict`, and another seed or another machine can turn it. Two seeds are the fewest that give a "
        "verdict, three are advised (`seeds: [1, 2, 3]`)."
    )


_ASSUMED_NOTE = "ASSUMED, so that requests, dollars and hours below may be far off:\n"
_QUOTE_NOTE = (
    "Requests in all, those that the journal holds already or another size of the same set asks (cached, not paid again), tokens "
    "and price of the missing ones online and by batch (? where no price is known), minutes at the configured limits. Tokens are "
    "estimated."
)
_NARROW_NOTE = (
    "Thinks before it answers, and what it thinks counts: set `max_output_tokens` to 16000 or so, or answers may be cut off or "
    "empty;"
)
_CHANGES_NOTE = (
    "Again: it was made before, and what it was made from has changed (an edit of the study file, of prompts or of code). "
    "Requests and price are those that the journal does not hold; rank hours as above. What only shows (tables, figures, "
    "findings) is made again with any of it."
)
_MOST_REASONS = 30
_WHY_NOTE = (
    "Finished jobs that are due, by what changed; one with two causes stands in both lines. A training or prediction whose "
    "training set (or questions), base model, settings, seed and code come out as they were takes back what it had made, in "
    "seconds: rank hours are the most that a cause can cost."
)
_ROUNDING_NOTE = (
    "lays out the same sums in another way. What is made again agrees with what is there to rounding alone (Batches in "
    "docs/reference/students.md; a model's own dropout is the exception), so finished cells gain nothing by it: with the former "
    "value back, nothing is made again."
)
_TRAINING_NOTE = (
    "Weights stay; progress is the most that one running training keeps in work/. Rank hours (one GPU each, or one process of a "
    "student with gpus_per_rank: 0) are from the student's finished trainings here (speed: measured), else assumed: 40 % of an "
    "H100's peak and 60 s per training; on CPUs 14 billion operations a second and core, 50 from 50 million weights on (fp32, "
    "AVX-512; bf16 is slower on most CPUs), and 8 s (? where a student's size is not known before it is fetched)."
)


_FITS_NOTE = (
    "How natural the texts are to the untrained student: nats per token, cut rank over surprisal (a low ratio is said to teach "
    "most, arXiv 2601.14249), nats per token given two steps. The cheapest guess at a level before any training, and no more "
    "than a guess: what it was worth is told in docs/studies/smollm2.md."
)
_DECLARED_NOTE = (
    "Power at 5 %, divided among the declared comparisons; ? where one seed decides nothing, or more than 30 seeds would be "
    "needed. The sd over runs is that of this study where both cells have two runs (pilot), else the mean that the paper "
    "prints for seven students (prior): yours may be another."
)


def _in_points(declared: DeclaredPower) -> dict[str, str | int | None]:
    """A declared comparison as the plan shows it, in points."""

    def points(share: float | None) -> str | None:
        return None if share is None else f"{100 * share:.1f} points"

    return {
        "declared": declared.declared,
        "seeds": declared.seeds,
        "problems": declared.problems,
        "sd over runs": points(declared.run_sd),
        "smallest detectable effect (80 % power)": points(declared.smallest_detectable_effect),
        "margin": points(declared.margin),
        "power for the margin": f"{100 * declared.power_for_the_margin:.0f} %",
        "seeds for 80 % at the margin": declared.seeds_for_80_percent,
        "from": declared.noise_from,
    }


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = [name.replace("_", " ") for name in rows[0]]
    return Table(heads, [[_shown(value) for value in row.values()] for row in rows]).markdown()


def _shown(value: str | float | None) -> str:
    if value is None:
        return "?"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if isinstance(value, float) else value
