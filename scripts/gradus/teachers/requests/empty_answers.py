"""Empty answers: a job whose first dozens of answers have no text would buy thousands of them."""

from __future__ import annotations

from collections import Counter

from gradus.teachers.requests.journal import Response
from gradus.teachers.thoughts import split_thoughts

LOOKED_AT = 24


class EmptyAnswers:
    """Looks at the first answers of a job."""

    def __init__(self) -> None:
        self._endings: Counter[str] = Counter()
        self._reasoning = 0
        self._is_settled = False

    def objection(self, response: Response) -> tuple[str, str] | None:
        """What is wrong, and a hint, once the first answers are all empty; None as long as that is not so."""
        if self._is_settled:
            return None
        thoughts, text = split_thoughts(response.text)
        if text.strip():
            self._is_settled = True
            return None
        self._endings[response.finish_reason] += 1
        self._reasoning += bool(thoughts or response.reasoning or response.usage.get("reasoning_tokens"))
        if sum(self._endings.values()) < LOOKED_AT:
            return None
        self._is_settled = True
        endings = ", ".join(f"{count} end as {ending!r}" for ending, count in self._endings.most_common())
        what = f"the first {LOOKED_AT} answers have no text: {endings}; {self._reasoning} of them have thoughts"
        if self._endings["length"]:
            return what, "raise max_output_tokens: what a model thinks counts, too"
        return what, "see the raw answers in the journal; rationale: reasoning takes the thoughts instead"
