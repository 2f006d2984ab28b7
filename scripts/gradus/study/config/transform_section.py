"""What the sections of all transforms share, and of those that are made from one supervision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from gradus.records import Supervision
from gradus.records.vocabulary import Verdict
from gradus.study.config.pass_rates import Solver
from gradus.study.config.sections import Policy, Section

Share = Annotated[float, Field(gt=0, le=1)]
AnyLevel = Literal["L1", "L2", "L3", "L4", "L5", "L6"]
StepType = Literal["verification", "aside", "calculation", "statement"]
TRAINED = ("keep", "answer-only")


class TransformSection(Section):
    """What all transforms share."""

    # Whether it counts problems or rows: then it takes those alone that are trained on, so that its numbers are exact.
    counts: ClassVar[bool] = False

    # Whether it is written by a teacher, in an annotation job, and not by a plug-in.
    asks: ClassVar[bool] = False

    kind: str
    verdict_policy: dict[Verdict, Policy] | None = Field(
        None,
        description="What a training set does with its annotations of each verdict: `keep`, `drop` or `answer-only`; unset: "
        "as the study's.",
    )

    @field_validator("verdict_policy")
    @classmethod
    def _nothing_is_asked_again(cls, value: dict[Verdict, Policy] | None) -> dict[Verdict, Policy] | None:
        if "retry" in (value or {}).values():
            raise ValueError("a transform asks nobody again: write retry into the study's verdict_policy")
        return value

    def identity(self) -> dict[str, object]:
        """What decides its texts, as plain JSON values; its verdict policy decides the training set alone."""
        return self.model_dump(mode="json", exclude={"verdict_policy"})

    def policy(self, of_study: Mapping[Verdict, Policy]) -> dict[Verdict, Policy]:
        """What a training set does with its annotations: its own policy, else its default, else the study's."""
        return dict(of_study if self.verdict_policy is None else self.verdict_policy)

    def taken(self, of_study: Mapping[Verdict, Policy]) -> list[Verdict]:
        """The verdicts of the rows that it takes, others are left out and counted; empty: every row is taken."""
        if not self.counts:
            return []
        return sorted(verdict for verdict, action in self.policy(of_study).items() if action in TRAINED)

    def sources(self, supervision: Supervision) -> list[Supervision]:
        """The supervisions that it reads, in the order of the plug-in."""
        raise NotImplementedError

    def sized(self, problems: int, sources: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """Examples, and tokens of a rationale, that can be expected of so many problems; ``sources`` says the same of each."""
        return sources[0]

    def teachers(self) -> dict[str, str]:
        """The teachers that it names, by key."""
        return {}

    def students(self) -> dict[str, str]:
        """The students that it names, by key: whose tokens are counted, whose base model scores, who is asked."""
        named = {key: getattr(self, key, None) for key in ("tokenizer", "scored_by")}
        solver = self.asked()
        named |= {} if solver is None else {"solver.student": solver.student}
        return {key: name for key, name in named.items() if name is not None}

    def asked(self) -> Solver | None:
        """Whose answers to the training problems decide; None where nobody's do."""
        solver: Solver | None = getattr(self, "solver", None)
        return solver

    def scorer(self) -> str | None:
        """The student whose base model scores the texts that it reads; None where nothing is scored."""
        name: str | None = getattr(self, "scored_by", None)
        return name

    def formats(self) -> dict[str, str]:
        """The formats that it reads, by key."""
        return {}


class Derived(TransformSection):
    """A transform of one supervision: the same dataset, teacher and level in the format ``of``."""

    kind: str
    of: str = Field(
        "original", description="The format that it is made from, or another transform: one after the other."
    )

    def sources(self, supervision: Supervision) -> list[Supervision]:
        return [replace(supervision, format=self.of)]

    def formats(self) -> dict[str, str]:
        return {"of": self.of}
