"""Study files of the command line, looked at before Snakemake reads them: it ends in a traceback where one is not there.

The default profile calls ``look``: nothing else of the project runs so early.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from gradus.runtime.errors import Mistakes, UserError

_OPTION = "--configfile"
_KINDS = (".yaml", ".yml", ".json")
_DEEPEST = 100  # lists within lists; Snakemake's reader fails at some three hundred
_ENDLESS = "lists within lists without end"
_MOST = 6  # files that are listed


class _Given(NamedTuple):
    """The words that Snakemake takes for study files, and the command without them."""

    files: list[str]
    before: list[str]
    after: list[str]


def look(arguments: Sequence[str]) -> None:
    """SystemExit with one line for each study file that cannot be read; ``arguments`` are Snakemake's."""
    try:
        refuse_unreadable(arguments)
    except UserError as error:
        sys.exit(f"error: {error}")
    except OSError as error:  # not even whether it is there can be asked
        sys.exit(f"error: {error.filename}: {error.strerror}")


def refuse_unreadable(arguments: Sequence[str]) -> None:
    """UserError that names every word which is no study file, and the command that was meant."""
    given = _given(arguments)
    files, targets = _told_apart(given.files)
    mistakes = Mistakes()
    if targets:
        with mistakes:
            right = _command(given, [_meant(file) or file for file in files], targets)
            words = " ".join(targets)
            what = f"takes every word behind it, so `{words}` too, and that is no study file"
            raise UserError(what, where=_OPTION, hint=f"if it is a target, it goes first: {right}")
    for file in files:
        with mistakes:
            _refuse(file, given, files, targets)
    mistakes.report()


def _given(arguments: Sequence[str]) -> _Given:
    """Of several such options the last one counts."""
    found = _Given([], list(arguments), [])
    for position, word in enumerate(arguments):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name not in (_OPTION, f"{_OPTION}s"):
            continue
        rest = arguments[position + 1 :]
        count = 0 if equals else next((n for n, one in enumerate(rest) if one.startswith("-")), len(rest))
        files = [value] if equals else list(rest[:count])
        found = _Given(files, list(arguments[:position]), list(rest[count:]))
    return found


def _told_apart(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Study files and, behind the first of them, targets: no file by that name, and none was meant."""
    targets = [
        word
        for word in words[1:]
        if not _is_there(word) and (Path(word).suffix not in _KINDS or Path(word).parts[0] == "results")
    ]
    return [word for word in words if word not in targets], targets


def _is_there(word: str) -> bool:
    return Path(word).exists() and not Path(word).is_dir()


def _refuse(file: str, given: _Given, files: Sequence[str], targets: Sequence[str]) -> None:
    if _is_there(file):
        if Path(file).is_file():  # a pipe can be read only once
            _refuse_content(file)
        return
    what = "is a folder, and a study file is needed" if Path(file).is_dir() else f"no such study file in {Path.cwd()}"
    meant = _meant(file)
    if meant is not None:
        right = _command(given, [_meant(one) or one for one in files], targets)
        raise UserError(what, where=file, hint=f"did you mean {meant}? {right}")
    there = _study_files(file if Path(file).is_dir() else ".")
    listed = ", ".join(there[:_MOST]) + (f" and {len(there) - _MOST} more" if len(there) > _MOST else "")
    raise UserError(what, where=file, hint=f"there are {listed}" if there else "docs/howto/own-study.md writes one")


def _command(given: _Given, files: Sequence[str], targets: Sequence[str]) -> str:
    return shlex.join(["snakemake", *targets, *given.before, _OPTION, *files, *given.after])


def _study_files(folder: str) -> list[str]:
    """The files in a folder, in its `studies` and one folder below that name a study."""
    top = Path(folder)
    patterns = [f"{below}*{kind}" for below in ("", "studies/", "studies/*/") for kind in _KINDS[:2]]
    found = chain.from_iterable(sorted(top.glob(pattern)) for pattern in patterns)
    return [str(path) for path in dict.fromkeys(found) if path.is_file() and _names_a_study(path)]


def _names_a_study(path: Path) -> bool:
    try:
        return any(line.startswith(b"study:") for line in path.read_bytes().splitlines())
    except OSError:
        return False


def _meant(file: str) -> str | None:
    """The study file whose path or name is most like a word that is none; None where none is, and for a folder."""
    if Path(file).exists():
        return None
    there = _study_files(".")
    by_name = {Path(path).stem.lower(): path for path in reversed(there)}
    whole = get_close_matches(file, there, 1, cutoff=0.85)
    if whole:
        return whole[0]
    return next((by_name[name] for name in get_close_matches(Path(file).stem.lower(), list(by_name), 1)), None)


def _refuse_content(file: str) -> None:
    """UserError where a file holds nothing that Snakemake could take for a study."""
    try:
        content = Path(file).read_bytes()
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        utf_16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise UserError(f"not UTF-8{', but UTF-16' * utf_16}", where=file, line=line, hint="save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=file) from None
    found = _parsed(text, file)
    if found is None:
        raise UserError("the file is empty", where=file, hint="copy studies/example-own.yaml, and edit it")
    if not isinstance(found, dict):
        hint = "docs/reference/configuration.md describes every key"
        raise UserError("holds no keys such as `study: NAME`", where=file, hint=hint)


def _parsed(text: str, file: str) -> Any:
    """What the file holds, read as Snakemake reads it: as JSON, else as YAML."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _parsed_yaml(text, file)
    if _is_deeper(found, _DEEPEST):
        raise UserError(_ENDLESS, where=file)
    return found


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, list | dict) for one in level)


def _parsed_yaml(text: str, file: str) -> Any:
    import yaml

    # libyaml's loader crashes on endless lists, so that they are counted first, event by event.
    loader = getattr(yaml, "CFullLoader", yaml.FullLoader)
    depth = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                line = None if event.start_mark is None else event.start_mark.line + 1
                raise UserError(_ENDLESS, where=file, line=line)
        return yaml.load(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        what = f"not valid YAML: {error.problem}"
        raise UserError(what, where=file, line=line, hint=_yaml_hint(text, error, mark)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"not valid YAML: {error}", where=file) from None


def _yaml_hint(text: str, error: Any, mark: Any) -> str | None:
    """What to do about a mistake that YAML names in its own words; None for others."""
    problem = str(error.problem)
    line = "" if mark is None else (text.splitlines() or [""])[min(mark.line, len(text.splitlines()) - 1)]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab: indent with spaces"
    if re.search("^ *\u00a0", text, re.MULTILINE):
        return "a no-break space, as web pages have: type the spaces again"
    if "mapping values are not allowed" in problem:
        return "a text with a colon and a space in it stands in quotes; a key is followed by a colon and a space"
    if "another document" in problem:
        return "a line of `---` begins a second one: one file is one study"
    return None
