"""What all programs share: one command-line style, one logger, user errors without a traceback, the run record."""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError

if TYPE_CHECKING:
    from pydantic import ValidationError

log = logging.getLogger("gradus")
Section = TypeVar("Section")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as for every other mistake of the user; the options are long, so usage is left to --help."""
        self.exit(2, f"error: {message} (--help lists the options)\n")


def parser(description: str | None) -> argparse.ArgumentParser:
    """The one command-line style: long options, the module's docstring as description."""
    return _Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def json_option(text: str) -> Any:
    """An option that holds JSON (settings that a rule passes on)."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not valid JSON: {error}") from None


def section_option(kind: type[Section]) -> Callable[[str], Section]:
    """An option that holds a section of the study file as JSON, validated as the study file is.

    ``kind`` is the section's class, or a union of such classes. A missing, unknown or wrong key ends the program with one
    message that names the option, the key and, for an unknown key, the accepted ones.
    """

    def read(text: str) -> Section:
        from pydantic import TypeAdapter, ValidationError

        found = json_option(text)
        try:
            return TypeAdapter(kind).validate_python(found)
        except ValidationError as error:
            raise argparse.ArgumentTypeError(_first_problem(error, found)) from None
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _first_problem(error: ValidationError, found: Any) -> str:
    """The first key that is missing, unknown or wrong, and why."""
    detail = error.errors()[0]
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] in ("union_tag_not_found", "union_tag_invalid"):
        context = detail["ctx"]
        key = str(context["discriminator"]).strip("'")
        if "tag" not in context:
            return f"key {'.'.join([*_keys(found, detail['loc']), key])}: required key is missing"
        key = ".".join([*_keys(found, detail["loc"]), key])
        return f"key {key}: unknown value {context['tag']!r}; accepted: {context['expected_tags']}"
    keys = _keys(found, detail["loc"])
    if not keys:
        return message[:1].lower() + message[1:]
    if detail["type"] == "missing":
        message = "required key is missing"
    elif detail["type"] == "extra_forbidden":
        message = "unknown key"
    else:
        shown = detail["input"]
        message = message[:1].lower() + message[1:]
        if isinstance(shown, str | int | float) and repr(shown) not in message:
            message += f", found {shown!r}"
    return f"key {'.'.join(keys)}: {message}"


def _keys(found: Any, location: tuple[int | str, ...]) -> list[str]:
    """The keys of the JSON itself that lead to a problem: pydantic also names the member of a union on the way."""
    keys: list[str] = []
    for position, part in enumerate(location):
        inside = dict(enumerate(found)) if isinstance(found, list) else found
        if isinstance(inside, dict) and part in inside:
            found = inside[part]
        elif position + 1 < len(location):
            continue
        keys.append(str(part))
    return keys


def run(main: Callable[[], None]) -> NoReturn:
    """Run a program: exit 0, or 1 with one message for a mistake of the user or a failing disk.

    ``GRADUS_LOG=debug`` shows the traceback behind the message of a failing disk.
    """
    level = logging.DEBUG if os.environ.get("GRADUS_LOG") == "debug" else logging.INFO
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    log.setLevel(level)
    for chatty in ("httpx", "httpx2", "openai", "anthropic"):  # a line per request
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        log.debug("where it happened:", exc_info=True)
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped by the user; run the same command again to go on", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)


class RunRecord:
    """When, where and how long a job ran: the facts that must not be in its target files."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()

    def write(self, path: str | Path, **facts: Any) -> None:
        """Write ``x.run.json`` beside a target."""
        record = {
            "started": self._started.isoformat(timespec="seconds"),
            "wall_seconds": round(time.monotonic() - self._clock, 3),
            "host": platform.node(),
            "python": platform.python_version(),
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            **facts,
        }
        write_json(path, record)
