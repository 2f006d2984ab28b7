"""Write a teacher's worked example, at all six levels or in one format, or bring back the one that is frozen."""

import argparse
import os
import shutil
from pathlib import Path

from gradus.records import Problem
from gradus.results.set_aside import SharedStore, job_identity, open_store
from gradus.runtime import program
from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file
from gradus.runtime.environment import journal_folder
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_records
from gradus.study.config.teachers import BatchableTeacher, ChatTeacher, read_teacher
from gradus.study.paths import Artifact
from gradus.teachers.prompts.exemplars import (
    find_exemplar,
    frozen_path,
    is_current,
    load_exemplar,
    save_exemplar,
    write_exemplar,
)
from gradus.teachers.prompts.prompting import Prompts, exemplar_prompt_names
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.requests.factory import open_journal

# Its name in the store.
_FILE = "exemplar.json"


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the training split")
    options.add_argument("--dataset", required=True)
    options.add_argument("--teacher", required=True)
    options.add_argument("--format", required=True)
    options.add_argument(
        "--teacher-settings", required=True, type=program.json_option, help="what decides the teacher's texts, as JSON"
    )
    options.add_argument(
        "--request-policy", type=program.json_option, default={}, help="how the teacher is asked, as JSON"
    )
    options.add_argument("--originals", help="the exemplar of the originals, for a format")
    options.add_argument("--prompts", required=True)
    options.add_argument("--prices", required=True)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    record = program.RunRecord(given.output)
    prompts = Prompts(given.prompts)
    folder = journal_folder() / given.teacher
    exemplar = find_exemplar(prompts, folder, given.dataset, given.teacher, given.format)
    store, identity, frozen = (
        open_store(),
        identity_of(given, prompts),
        frozen_path(folder, given.dataset, given.format),
    )
    if exemplar is None and store is not None and taken(store, identity, frozen):
        program.log.info("exemplar %s/%s/%s: taken from %s", given.dataset, given.teacher, given.format, store.root)
        exemplar = load_exemplar(frozen)
    is_new = exemplar is None
    if exemplar is None:
        teacher = writer(given.teacher_settings, given.request_policy)
        originals = load_exemplar(given.originals) if given.originals else None
        problems = read_records(given.problems, Problem)
        builder = RequestBuilder(teacher, prompts, "shown")
        with open_journal(teacher, folder, Path(given.prices)) as (journal, fetch):
            exemplar = write_exemplar(problems, builder, prompts, journal, fetch, given.format, originals)
            save_exemplar(frozen, exemplar)
    save_exemplar(given.output, exemplar)
    if store is not None and exemplar.origin == "teacher" and is_current(exemplar, prompts, given.format):
        store.put("exemplars", identity, {_FILE: Path(given.output)}, given.output)
    record.write(Artifact(given.output).run_record, newly_written=is_new)
    program.log.info("exemplar %s/%s/%s: %s", given.dataset, given.teacher, given.format, exemplar.origin)


def identity_of(given: argparse.Namespace, prompts: Prompts) -> dict[str, object]:
    """Everything that decides what the teacher is asked for."""
    return job_identity(
        "exemplar",
        problems=sha256_file(given.problems),
        format=given.format,
        teacher=sha256_bytes(canonical_json(given.teacher_settings).encode()),  # an address may name somebody
        originals=sha256_file(given.originals) if given.originals else None,
        prompts=prompts.hash_of(*exemplar_prompt_names(given.format)),
    )


def taken(store: SharedStore, identity: dict[str, object], frozen: Path) -> bool:
    """Freeze the exemplar that somebody has shared, where there is one."""
    found = frozen.with_name(f".{frozen.name}.from_store")
    if store.take("exemplars", identity, found) is None:
        return False
    os.replace(found / _FILE, frozen)
    shutil.rmtree(found)
    return True


def writer(identity: object, policy: object) -> ChatTeacher:
    """The teacher as it writes exemplars: six levels in one answer, and never by batch."""
    teacher = read_teacher(identity, policy)
    if not isinstance(teacher, ChatTeacher):
        raise UserError(f"a teacher with provider {teacher.provider} is shown no exemplars")
    long = {"max_output_tokens": max(8192, teacher.max_output_tokens)}
    return teacher.model_copy(update={**long, "mode": "online"} if isinstance(teacher, BatchableTeacher) else long)


if __name__ == "__main__":
    program.run(main)
