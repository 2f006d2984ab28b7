"""First answers: a job whose first dozens of answers are empty or cannot be read would buy thousands of them."""

from __future__ import annotations

import textwrap
from collections import Counter

from gradus.study.config.teachers import RationaleSource
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Response
from gradus.teachers.requests.shard_index import FAILED
from gradus.teachers.thoughts import split_thoughts

LOOKED_AT = 24
_SAMPLES = 2
_SAMPLE_LENGTH = 100


class EmptyAnswers:
    """Looks at the first answers of a job; one that can be read settles it, and so does one that the journal holds already.

    ``is_settled``: nothing more is looked at. Requests that are drawn again (``attempt``) come from answers that could not be
    read, and show nothing of their job.
    """

    def __init__(self, source: RationaleSource = "answer") -> None:
        self._source = source
        self._endings: Counter[str] = Counter()
        self._empty = 0
        self._hidden = 0  # the provider counts thoughts that it does not show
        self._shown = 0
        self._samples: list[str] = []
        self.is_settled = False

    @property
    def count(self) -> int:
        """How many answers could not be read."""
        return sum(self._endings.values())

    def look_at_held(self, request: ChatRequest, response: Response) -> None:
        """Take an answer into account that was bought earlier: it can settle the matter, and is none of the first ones."""
        if not self.is_settled and response.finish_reason != FAILED:
            self.is_settled = bool(request.attempt) or request.can_be_read(response)

    def look(self, request: ChatRequest, response: Response) -> None:
        """Take one answer into account; a request that failed has none."""
        if self.is_settled or response.finish_reason == FAILED:
            return
        thoughts, text = split_thoughts(response.text)
        thoughts = response.reasoning or thoughts
        if request.attempt or request.can_be_read(response):
            self.is_settled = True
            return
        self._endings[response.finish_reason] += 1
        self._empty += not text.strip()
        self._shown += bool(thoughts)
        self._hidden += not thoughts and bool(response.usage.get("reasoning_tokens"))
        sample = textwrap.shorten(text, _SAMPLE_LENGTH, placeholder=" ...") or text.strip()[:_SAMPLE_LENGTH]
        if sample and sample not in self._samples and len(self._samples) < _SAMPLES:
            self._samples.append(sample)

    def objection(self) -> tuple[str, str] | None:
        """What is wrong, and a hint, once the first answers were all empty or could not be read; told once."""
        if self.is_settled or self.count < LOOKED_AT:
            return None
        self.is_settled = True
        return self._words(), self._hint()

    def _words(self) -> str:
        endings = ", ".join(f"{count} end as {ending!r}" for ending, count in self._endings.most_common())
        fault = "have no text" if self._empty == self.count else "hold nothing that can be learned"
        what = f"the first {self.count} answers {fault}: {endings}; {self._shown + self._hidden} of them have thoughts"
        if self._hidden:
            what += " (hidden)" if not self._shown else f" ({self._hidden} hidden)"
        return f"{what}; they read {' and '.join(map(repr, self._samples))}" if self._samples else what

    def _hint(self) -> str:
        if self._endings["length"]:
            return "raise max_output_tokens: what a model thinks counts, too"
        if self._source != "answer" and not self._shown:
            return "no thoughts come from this model or provider, which rationale asks for; rationale: answer takes its answers"
        if self._source == "answer" and self._empty:
            return "see the raw answers in the journal; rationale: reasoning takes the thoughts instead"
        return 'see the raw answers in the journal; the prompts ask for the sentence "The answer is X."'
