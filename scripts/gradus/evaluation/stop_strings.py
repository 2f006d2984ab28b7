"""Stop strings: texts that end an answer, as the learned end token does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Decode = Callable[[list[int]], str]


class StopStrings:
    """A text is cut before the first place where one of ``strings`` stands."""

    def __init__(self, strings: Sequence[str], decode: Decode) -> None:
        self._strings, self._decode = tuple(strings), decode
        # So many tokens hold a stop string that the last token ended, wherever it began: a token is a byte at least, and a
        # few more, since a decoder may treat a text's first token differently, and special tokens are no text.
        self._tail = max((len(string.encode("utf-8")) for string in strings), default=0) + 8

    def __bool__(self) -> bool:
        return bool(self._strings)

    def cut(self, text: str) -> str | None:
        """The text before the first stop string; None where there is none."""
        first = self._first(text)
        return None if first is None else text[:first]

    def settled(self, row: Sequence[int]) -> bool:
        """Whether nothing written after these tokens can change where the text is cut.

        A stop string that began earlier than the first complete one may still be under way: then it is not.
        """
        if not any(string in self._decode(list(row[-self._tail :])) for string in self._strings):
            return False
        text = self._decode(list(row))
        first = self._first(text)
        return first is not None and not any(
            stop.startswith(text[start:])
            for stop in self._strings
            for start in range(max(0, len(text) - len(stop) + 1), first)
        )

    def shortest(self, row: Sequence[int]) -> list[int]:
        """The tokens up to and with the one that settles where the text is cut; all where none does."""
        whole = list(row)
        if not self._strings or self.cut(self._decode(whole)) is None:
            return whole
        return next((whole[:size] for size in range(1, len(row)) if self.settled(row[:size])), whole)

    def _first(self, text: str) -> int | None:
        return min((text.index(string) for string in self._strings if string in text), default=None)
