"""Files that a program was asked to write, under names that its user chose: never over what it reads, never a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gradus.runtime.atomic import atomic_writer
from gradus.runtime.errors import UserError


def check_outputs(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path]) -> None:
    """UserError where a file to write is a folder, lies below a file, is read too, or is named twice; ``None`` is not asked for.

    It is called before the work: what was computed is not lost for a name.
    """
    read = {Path(one).resolve() for one in inputs if str(one) != "-"}
    named: set[Path] = set()
    for given in outputs:
        if given is None:
            continue
        path = Path(given).resolve()
        if path.is_dir():
            raise UserError("a folder, not a file to write", where=given)
        above = next(parent for parent in path.parents if parent.exists())
        if not above.is_dir():
            raise UserError(f"cannot be written: {above} is a file", where=given, hint="choose another name")
        if path in read or (any(one in read for one in path.parents if one.is_dir()) and path.exists()):
            raise UserError("would be written over, and is read here", where=given, hint="choose another name")
        if path in named:
            raise UserError("is to be written twice", where=given, hint="give each output a name of its own")
        named.add(path)


def write_output(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all.

    Half a character (a lone surrogate, as broken JSON has them) is written as ``\\ud83d``: in JSON that is the same text.
    """
    with atomic_writer(path) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
