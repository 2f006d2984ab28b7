"""The study of an archive: everything that decides results, without what belongs to one machine or one reader.

A study file can name commands (``interpreters``, a served teacher's ``server``), folders of a machine, and the environment
variable whose key is sent to a server. Somebody else's archive must bring none of them: they are left out when a study is
packed and again when it is restored, and every teacher behind an interface answers from the journal alone (``offline``), so
that no server is started, no key is read and nothing is sent. None of these keys changes an annotation or a weight.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.archive import tarball
from gradus.archive.manifest import Manifest
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config.teachers import CHAT_PROVIDERS, VllmTeacher

_OF_THE_STUDY = ("interpreters", "data_folder", "prompts")
_OF_A_TEACHER = ("server", "key_variable")
_DEFAULT_SERVER = VllmTeacher.model_fields["server"].default
_LONGEST_SHOWN = 120
_LARGEST_STUDY = 1 << 24  # bytes; the paper's whole grid takes less than 1 << 16


@dataclass(frozen=True)
class PortableStudy:
    """The bytes of a ``study.json`` that may travel.

    ``left_out``: keys with the values that they had. ``offline``: teachers that were told to ask nobody. ``local_paths``: keys
    with files and folders of a machine that the study still reads, because they decide results.
    """

    content: bytes
    left_out: tuple[str, ...]
    offline: tuple[str, ...]
    local_paths: tuple[str, ...]


def portable_study(raw: bytes, where: str | Path) -> PortableStudy:
    """A study file as an archive carries it; unchanged where it is portable already. UserError where it is not JSON."""
    try:
        study = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"the study is not valid JSON: {error}", where=where) from None
    if not isinstance(study, dict):
        raise UserError("the study is not a JSON object", where=where)
    left_out = []
    for key in _OF_THE_STUDY:
        value = study.pop(key) if study.get(key) else {}
        values = value if isinstance(value, dict) else {"": value}
        left_out += [_shown(f"{key}.{name}".rstrip("."), value) for name, value in values.items()]
    offline = []
    for name, teacher in _entries(study, "teachers"):
        for key in _OF_A_TEACHER:
            if teacher.get(key) not in (None, _DEFAULT_SERVER):
                left_out.append(_shown(f"teachers.{name}.{key}", teacher.pop(key)))
        if teacher.get("provider") in CHAT_PROVIDERS and teacher.get("offline") is not True:
            teacher["offline"] = True
            offline.append(_printable(name))
    content = json.dumps(study, indent=2, ensure_ascii=False) + "\n"
    written = content.encode("utf-8", errors="backslashreplace")
    return PortableStudy(written, tuple(left_out), tuple(offline), tuple(_local_paths(study)))


def archived_study(folder: Path, manifest: Manifest) -> PortableStudy | None:
    """The study in an archive, without what it must not bring; None where the archive holds no study file."""
    wanted = paths.STUDY_COPY.of(manifest.study)
    group = manifest.groups.get(manifest.members.get(wanted, ""))
    if group is None:
        return None
    for name, stream, size in tarball.read(folder / group.file):
        if name == wanted:
            if size > _LARGEST_STUDY:
                raise UserError(f"the study takes {size} bytes, more than a study file can need", where=name)
            return portable_study(stream.read(size), f"{folder / group.file}: {name}")
    return None


def _local_paths(study: dict[str, object]) -> list[str]:
    """Corpora, and base models whose name is that of a folder."""
    found = []
    for name, student in _entries(study, "students"):
        corpus = student.get("corpus")
        if isinstance(corpus, dict) and corpus.get("path"):
            found.append(_shown(f"students.{name}.corpus.path", corpus["path"]))
        model = student.get("model")
        if isinstance(model, str) and model.startswith((".", "/", "~")):
            found.append(_shown(f"students.{name}.model", model))
    return found


def _entries(study: dict[str, object], section: str) -> list[tuple[str, dict[str, object]]]:
    entries = study.get(section)
    return (
        [(name, entry) for name, entry in entries.items() if isinstance(entry, dict)]
        if isinstance(entries, dict)
        else []
    )


def _shown(key: str, value: Any) -> str:
    text = json.dumps(value)
    return f"{_printable(key)}: {text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '...'}"


def _printable(text: str) -> str:
    """Foreign text without anything that a terminal would act on."""
    return json.dumps(text)[1:-1]
