"""The `transforms` of a study file: supervisions that are made from others, without a new request.

A transform's name is a format: `TEACHER/NAME/LEVEL`. What it reads is a supervision of its own in the study, so that the
untouched texts stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from gradus.records import Supervision
from gradus.records.vocabulary import LEVELS, NATIVE, Verdict
from gradus.study.config.pass_rates import Solver, Thresholds
from gradus.study.config.scorers import has_scorer, is_none, scorer_key
from gradus.study.config.sections import Policy
from gradus.study.config.transform_section import TRAINED, AnyLevel, Derived, Share, StepType, TransformSection


class PaddedTransform(TransformSection):
    """Rationales lengthened with filler to the token length of a higher level (the paper's padding ablation)."""

    kind: Literal["padded"] = Field(description="The plug-in.")
    target: Literal["L2", "L3", "L4", "L5", "L6"] = Field(description="The level whose lengths are reached.")
    tokenizer: str = Field(description="The student whose tokens are counted.")
    filler: Literal["neutral", "repeat"] = Field(
        "neutral", description="`neutral`: sentences that say nothing; `repeat`: the rationale again, as in the paper."
    )

    def sources(self, supervision: Supervision) -> list[Supervision]:
        """The original of the level, and that of the level whose lengths are reached."""
        original = supervision.original()
        return [original, replace(original, level=self.target)]

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        return sources[0][0], max(tokens for _, tokens in sources)


class TruncatedTransform(Derived):
    """The first share of each rationale; the answer still follows it."""

    kind: Literal["truncated"] = Field(description="The plug-in.")
    share: Share = Field(description="The share that stays.")
    unit: Literal["tokens", "steps"] = Field(
        "tokens", description="What is counted: tokens (whole words stay, never more than the share), or steps."
    )
    tokenizer: str | None = Field(None, description="The student whose tokens are counted; unset: words.")

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        return sources[0][0], self.share * sources[0][1]


class PrunedTransform(Derived):
    """Rationales without their least important steps or words, in their order."""

    kind: Literal["pruned"] = Field(description="The plug-in.")
    by: Literal["random", "position", "symbols", "type", "loss", "entropy"] = Field(
        description="What is important: a seeded draw; the `side` where it stands; digits and operators for its length; its "
        "type; what the model `scored_by` finds unlikely (nats per token), or is uncertain of (entropy, summed over its tokens)."
    )
    scored_by: str | None = scorer_key("`by: loss` or `by: entropy`")
    unit: Literal["steps", "words"] = Field("steps", description="What is taken out.")
    keep: Share | None = Field(
        None, description="The share of steps or words that stays; every `by` but `type` needs it."
    )
    types: list[StepType] = Field(
        default_factory=list,
        description="With `by: type`, what is taken out: `verification` (checks), `aside` (what is said not to be needed), "
        "`calculation` (with an equation), `statement` (all others).",
    )
    side: Literal["start", "end", "ends"] = Field(
        "ends",
        description="With `by: position`, what stays: the beginning, the end, or both with the middle taken out.",
    )
    seed: int = Field(0, description="Seed of the draw, and of the choice among equals.")

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        return sources[0][0], (self.keep or 1.0) * sources[0][1]

    @model_validator(mode="after")
    def _fits_together(self) -> PrunedTransform:
        if self.by == "type" and (not self.types or self.keep is not None or self.unit != "steps"):
            raise ValueError("by: type needs types (a list of step types), unit: steps, and no keep")
        if self.by != "type" and (self.types or self.keep is None):
            raise ValueError(f"by: {self.by} needs keep (a share), and no types")
        has_scorer(self.by, self.scored_by)
        return self


class CorruptedTransform(Derived):
    """Rationales with something made wrong in them."""

    kind: Literal["corrupted"] = Field(description="The plug-in.")
    what: Literal["shuffle", "delete", "insert", "digits", "answer"] = Field(
        description="Steps in each other's place, steps left out (one stays), steps of other problems put in, other digits; or "
        "another answer below an untouched rationale, which then `disagrees`."
    )
    share: Share = Field(description="Share of each text's steps or digits; for `answer`: of all rows, exact to one.")
    seed: int = Field(0, description="Seed of what is chosen.")

    def policy(self, of_study: Mapping[Verdict, Policy]) -> dict[Verdict, Policy]:
        """Wrong answers are kept, unless it says otherwise: they are what is asked about."""
        found = super().policy(of_study)
        if self.what == "answer" and self.verdict_policy is None:
            return {**found, "disagrees": "keep"}
        return found

    def taken(self, of_study: Mapping[Verdict, Policy]) -> list[Verdict]:
        """Right answers alone are made wrong; a teacher's own mistakes would add to the share."""
        return ["agrees"] if self.what == "answer" else []


class RewrittenTransform(Derived):
    """Rationales that another teacher has edited; each edit is a request, kept in that teacher's journal."""

    asks: ClassVar[bool] = True
    kind: Literal["rewritten"] = Field(description="The plug-in.")
    by: str = Field(description="The teacher that edits: one behind a chat interface.")
    edit: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$",
        description="What is asked for: `compress`, `paraphrase`, `lengthen`, or a file of your own in `prompts/edits`.",
    )

    def teachers(self) -> dict[str, str]:
        return {"by": self.by}


class MixedTransform(TransformSection):
    """Each problem from one of several supervisions, by its steps, by shares or by pass rate; used as `mixed/NAME/native`."""

    kind: Literal["mixed"] = Field(description="The plug-in.")
    teacher: str | None = Field(None, description="Whose originals are mixed, where levels are named alone.")
    levels: dict[str, AnyLevel] | None = Field(
        None, min_length=1, description="By steps: level by number of steps (`'2': L5`)."
    )
    shares: dict[str, Share] | None = Field(
        None,
        min_length=1,
        description="By shares of the problems: `L5: 0.2` of `teacher`, or any supervision, `gpt-4o/symbolic/L3: 0.2`.",
    )
    rates: Thresholds | None = Field(
        None,
        exclude_if=is_none,
        description="By pass rate: a problem of which at least this share of the `solver`'s answers is right is from this level "
        "(or supervision); the highest share that is reached counts, `0.5: L1`.",
    )
    solver: Solver | None = Field(
        None, exclude_if=is_none, description="With `rates`: who solves the training problems."
    )
    otherwise: str | None = Field(
        None,
        description="Level (or, with `shares` and `rates`, supervision) of all other problems; needed by steps and by pass rate, "
        "and where shares leave some.",
    )
    seed: int = Field(0, description="With `shares`, seed of which problem is from where.")

    @field_validator("levels")
    @classmethod
    def _numbers(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for key in value or {}:
            if not re.fullmatch("[1-9][0-9]*", key):
                raise ValueError(f"{key!r} is not a number of steps, such as '2'")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> MixedTransform:
        if [self.levels, self.shares, self.rates].count(None) != 2:
            raise ValueError("needs either levels (by number of steps) or shares, or rates (by pass rate)")
        if (self.rates is None) != (self.solver is None) or (self.rates is not None and self.otherwise is None):
            raise ValueError("rates need solver (who solves the problems) and otherwise, and nothing else has a solver")
        if self.levels is not None and (self.otherwise not in LEVELS or self.teacher is None):
            raise ValueError("levels by number of steps need teacher, and otherwise: the level of all other problems")
        total = sum((self.shares or {}).values())
        if self.shares is not None and self.otherwise is None and abs(total - 1) > 1e-9:
            raise ValueError(
                f"shares add up to {total:g}: make them 1, or say with otherwise where the others are from"
            )
        if total > 1 + 1e-9:
            raise ValueError(f"shares add up to {total:g}, more than 1")
        for name in [*(self.shares or {}), *(self.rates or {}).values(), *([self.otherwise] if self.otherwise else [])]:
            if name not in LEVELS and name.count("/") != 2:
                raise ValueError(f"{name!r} is no level and no supervision (teacher/format/level)")
            if "/" in name and name.split("/")[2] not in (*LEVELS, NATIVE):
                raise ValueError(f"{name!r}: its level is none of {', '.join((*LEVELS, NATIVE))}")
            if name in LEVELS and self.teacher is None:
                raise ValueError(f"{name!r} alone needs teacher: whose originals are mixed")
        return self

    @property
    def takes_shares(self) -> bool:
        """Whether problems are dealt out by shares, not by their steps."""
        return self.shares is not None

    def identity(self) -> dict[str, object]:
        """A mixture by steps has the identity that it had before there were shares."""
        found = super().identity()
        return found if self.levels is None else {key: found[key] for key in ("kind", "levels", "otherwise", "teacher")}

    def taken(self, of_study: Mapping[Verdict, Policy]) -> list[Verdict]:
        """Shares are of the problems that are trained on."""
        trained = (verdict for verdict, action in self.policy(of_study).items() if action in TRAINED)
        return sorted(trained) if self.takes_shares else []

    def used(self) -> list[str]:
        """Every level or supervision that a problem can be from, in the order of ``sources``."""
        names = {*(self.levels or {}).values(), *(self.rates or {}).values(), *(self.shares or {})}
        return sorted({*names, *([self.otherwise] if self.otherwise else [])})

    def sources(self, supervision: Supervision) -> list[Supervision]:
        """What is mixed: the teacher's original at a level, or the supervision that is named."""
        return [Supervision(supervision.dataset, *parts) for parts in map(self._parts, self.used())]

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """By shares their mean; by steps or pass rate, which nobody knows yet, that of all alike."""
        used, shares = self.used(), dict(self.shares or {})
        if self.otherwise is not None:
            shares[self.otherwise] = shares.get(self.otherwise, 0.0) + 1 - sum(shares.values())
        weights = [shares[name] if self.takes_shares else 1 / len(used) for name in used]
        examples = sum(weight * count for weight, (count, _) in zip(weights, sources, strict=True))
        return examples, sum(weight * tokens for weight, (_, tokens) in zip(weights, sources, strict=True))

    def _parts(self, name: str) -> tuple[str, str, str]:
        if name in LEVELS:
            return self.teacher or "", "original", name
        teacher, format_, level = name.split("/")
        return teacher, format_, level

    def teachers(self) -> dict[str, str]:
        named = {f"{self._by}.{name}": self._parts(name)[0] for name in self.used() if "/" in name}
        return named if self.teacher is None else {"teacher": self.teacher, **named}

    def formats(self) -> dict[str, str]:
        return {f"{self._by}.{name}": self._parts(name)[1] for name in self.used() if "/" in name}

    @property
    def _by(self) -> str:
        return "shares" if self.takes_shares else "rates"


class DrawnTransform(Derived):
    """Some of the samples that a teacher wrote for each problem."""

    counts: ClassVar[bool] = True
    kind: Literal["drawn"] = Field(description="The plug-in.")
    per_problem: int = Field(
        ge=1, description="Samples of each problem; one that has fewer gives all. A smaller number is part of a larger."
    )
    seed: int = Field(0, description="Seed of the draw.")

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        return min(sources[0][0], float(problems * self.per_problem)), sources[0][1]


class BestOfTransform(Derived):
    """One of the samples that a teacher wrote for each problem: the best."""

    counts: ClassVar[bool] = True
    kind: Literal["best-of"] = Field(description="The plug-in.")
    by: Literal["first", "shortest", "longest", "loss"] = Field(
        "shortest",
        description="What is best among those that are trained on (correct ones, unless a verdict policy says otherwise); "
        "`loss`: the one that the model `scored_by` finds likeliest, by token.",
    )
    scored_by: str | None = scorer_key("`by: loss`")
    n: int | None = Field(None, ge=1, description="Of the first so many samples; unset: of all.")
    tokenizer: str | None = Field(None, description="The student whose tokens are counted; unset: words.")

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        return min(sources[0][0], float(problems)), sources[0][1]

    @model_validator(mode="after")
    def _fits_together(self) -> BestOfTransform:
        has_scorer(self.by, self.scored_by)
        if self.by == "loss" and self.tokenizer is not None:
            raise ValueError("by: loss counts no tokens of another student: leave out tokenizer")
        return self


class SelectedTransform(Derived):
    """Some of the problems, all samples of each."""

    counts: ClassVar[bool] = True
    kind: Literal["selected"] = Field(description="The plug-in.")
    n: int = Field(ge=1, description="How many problems.")
    by: Literal["random", "difficulty", "length", "diversity", "loss"] = Field(
        description="A seeded draw (the baseline of all others); steps of the dataset's own solution; words of the rationale; "
        "questions that are furthest from those chosen already (share of common words, numbers aside); or how unlikely the model "
        "`scored_by` finds the rationales (nats per token)."
    )
    scored_by: str | None = scorer_key("`by: loss`")
    order: Literal["highest", "lowest"] = Field(
        "highest", description="The hardest, longest or unlikeliest; or the easiest, shortest or likeliest."
    )
    seed: int = Field(0, description="Seed of the draw, and of the choice among equals.")

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        examples, tokens = sources[0]
        return examples * min(1.0, self.n / max(1, problems)), tokens

    @model_validator(mode="after")
    def _fits_together(self) -> SelectedTransform:
        has_scorer(self.by, self.scored_by)
        return self


Transform = Annotated[
    PaddedTransform
    | MixedTransform
    | TruncatedTransform
    | PrunedTransform
    | RewrittenTransform
    | CorruptedTransform
    | DrawnTransform
    | BestOfTransform
    | SelectedTransform,
    Field(discriminator="kind"),
]
