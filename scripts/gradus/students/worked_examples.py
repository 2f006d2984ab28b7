"""Worked examples: training problems with their solutions, shown to a student that was taught nothing (few-shot prompts)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from gradus.data.text_normalisation import normalised
from gradus.records import Problem
from gradus.runtime.errors import UserError
from gradus.students.templates import Template
from gradus.students.tokens import Tokens


def worked_examples(
    training: Sequence[Problem],
    asked: Sequence[Problem],
    shots: int,
    seed: int,
    template: Template,
    tokens: Tokens,
) -> list[tuple[str, str]]:
    """Questions and completions of ``shots`` training problems: the same for every question, by seed, in the split's order.

    The dataset's own rationales are shown where it has any, else answers alone. A question that is asked too is never shown,
    nor a text that holds a special token. Raises UserError where there are not so many.
    """
    taken = {normalised(problem.full_text) for problem in asked}
    fit = [
        problem
        for problem in training
        if normalised(problem.full_text) not in taken
        and not tokens.holds_special(f"{problem.question_with_choices} {problem.rationale or ''} {problem.answer}")
    ]
    usable = [problem for problem in fit if problem.rationale] or fit
    if len(usable) < shots:
        raise UserError(f"only {len(usable)} training problems can be shown as worked examples, not {shots}")
    chosen = sorted(random.Random(f"shots/{seed}").sample(range(len(usable)), shots))
    return [
        (usable[index].question_with_choices, template.answered(usable[index].rationale, usable[index].answer))
        for index in chosen
    ]
