"""Annotate one split of a dataset with one supervision of a teacher."""

import argparse
import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gradus.records import Annotation, Problem, Supervision
from gradus.records.vocabulary import NATIVE
from gradus.results.set_aside import job_identity, open_store
from gradus.runtime import program
from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file, write_json
from gradus.runtime.environment import data_folder, journal_folder
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_records, write_records
from gradus.study.config.options import section_option
from gradus.study.config.teachers import BatchableTeacher, ChatTeacher, Teacher, TutorTeacher, read_teacher
from gradus.study.config.training import Retry
from gradus.study.paths import Artifact
from gradus.teachers.annotation import Counts, Sampling, annotate, prepare, usable_originals
from gradus.teachers.answer_sources import AnswerSource, LocalAnswers, RemoteAnswers
from gradus.teachers.prompts.edits import EditBuilder
from gradus.teachers.prompts.exemplars import load_exemplar
from gradus.teachers.prompts.prompting import NO_EXEMPLAR, Prompts, edit_prompt_names, prompt_names
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.registry import make_local_teacher
from gradus.teachers.requests.factory import open_journal
from gradus.teachers.requests.journal import Journal
from gradus.teachers.requests.spending import spent_by_this_process


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True)
    options.add_argument("--supervision", required=True, help="dataset/teacher/format/level")
    options.add_argument(
        "--teacher-settings", required=True, type=program.json_option, help="what decides the teacher's texts, as JSON"
    )
    options.add_argument(
        "--request-policy", type=program.json_option, default={}, help="how a remote teacher is asked, as JSON"
    )
    options.add_argument("--original", help="the original annotations that a rewrite starts from")
    options.add_argument("--edit", help="the edit that is asked for of each original (prompts/edits)")
    options.add_argument("--editor", help="the teacher that edits, where it is not the supervision's")
    options.add_argument("--exemplars", nargs="*", default=[], help="the originals' exemplar, and the format's")
    options.add_argument("--prompts", help="folder of prompt files")
    options.add_argument("--prices", help="price table")
    options.add_argument(
        "--retry",
        type=section_option("--retry", Retry),
        default=Retry.model_validate({}),
        help="verdicts to draw again, and how often, as JSON",
    )
    options.add_argument("--hide-gold", action="store_true", help="whatever the entry says (a teacher's own test)")
    options.add_argument(
        "--only", choices=["submit", "collect"], help="one half of a batch; fills the journal and writes no annotations"
    )
    options.add_argument("--output", required=True)
    given = options.parse_args()
    record = program.RunRecord(given.output)
    supervision = Supervision(*given.supervision.split("/"))
    teacher = read_teacher(given.teacher_settings, given.request_policy)
    problems = read_records(given.problems, Problem)
    originals = usable_originals(read_records(given.original, Annotation)) if given.original else {}
    samples = teacher.samples if isinstance(teacher, ChatTeacher | TutorTeacher) else 1
    if given.edit:
        samples = 1 + max((sample for _, sample in originals), default=0)
    sampling = Sampling(samples, given.retry.verdicts, given.retry.retries)
    if isinstance(teacher, ChatTeacher):
        sampling = replace(sampling, tolerated=teacher.tolerated)
    counts = Counts()
    store, identity = None, dict[str, object]()
    if isinstance(teacher, ChatTeacher) and not given.only and (store := open_store()) is not None:
        identity = identity_of(given, supervision, teacher)
    if store is not None and store.take_records("annotations", identity, Path(given.output)):
        program.log.info("%s: taken from %s; nobody is asked", supervision, store.root)
        record.end()
        return
    if given.only and not (isinstance(teacher, BatchableTeacher) and teacher.mode == "batch"):
        raise UserError("only a teacher with mode: batch can be asked by batch")
    with (
        counted(record, journal_folder() / supervision.teacher),
        answers_of(teacher, supervision, given) as (
            source,
            journal,
        ),
    ):
        if given.only:
            prepare(problems, supervision, source, originals, sampling)
            write_json(given.output, {"supervision": str(supervision), "phase": given.only, "problems": len(problems)})
            record.end()
            return
        annotations = annotate(problems, supervision, source, originals, sampling, counts)
        write_records(given.output, annotations, lambda: {**counts.facts(), **source.facts()})
        record.write(
            Artifact(given.output).run_record,
            from_journal=journal.found,
            newly_requested=journal.added,
            journal_usd=round(journal.spent_usd, 6),
            unpriced_entries=journal.unpriced,
        )
    if store is not None:
        store.put_records("annotations", identity, Path(given.output))
    program.log.info("%s: %s; %d new answers", supervision, counts.facts()["verdicts"], journal.added)


def identity_of(given: argparse.Namespace, supervision: Supervision, teacher: ChatTeacher) -> dict[str, object]:
    """Everything that decides which requests are made and how their answers are read; how the teacher is asked does not."""
    gold = "hidden" if given.hide_gold else teacher.gold
    names = edit_prompt_names(given.edit) if given.edit else prompt_names(supervision.format, supervision.level, gold)
    return job_identity(
        "annotate",
        problems=sha256_file(given.problems),
        supervision=str(supervision),
        teacher=sha256_bytes(canonical_json(teacher.identity()).encode()),  # an address may name somebody
        gold=gold,
        retry=given.retry.model_dump(mode="json"),
        original=sha256_file(given.original) if given.original else None,
        exemplars=[sha256_file(path) for path in given.exemplars],
        prompts=Prompts(given.prompts).hash_of(*names),
        edit=given.edit,
    )


@contextlib.contextmanager
def counted(record: program.RunRecord, folder: Path) -> Iterator[None]:
    """Count what the requests of this try cost, whether it ends or not."""
    start = time.time()
    try:
        yield
    finally:
        spent = spent_by_this_process(folder, start)
        record.note(usd=round(spent.usd, 6), input_tokens=spent.input_tokens, output_tokens=spent.output_tokens)


@contextlib.contextmanager
def answers_of(
    teacher: Teacher, supervision: Supervision, given: argparse.Namespace
) -> Iterator[tuple[AnswerSource, Journal]]:
    """Where this teacher's answers come from, and the journal that keeps them."""
    folder = journal_folder() / (given.editor or supervision.teacher)
    if not isinstance(teacher, ChatTeacher):
        with Journal(folder) as journal:
            yield LocalAnswers(make_local_teacher(teacher, data_folder()), journal), journal
        return
    needs_none = bool(given.edit) or (supervision.format, supervision.level) == ("original", NATIVE)
    if not (given.exemplars or needs_none) or not given.prompts or not given.prices:
        raise UserError("a remote teacher needs --exemplars, --prompts and --prices")
    exemplars = [load_exemplar(path) for path in given.exemplars] or [NO_EXEMPLAR]
    prompts = Prompts(given.prompts)
    builder = RequestBuilder(teacher, prompts, "hidden" if given.hide_gold else teacher.gold)
    if given.edit:
        builder = EditBuilder(teacher, prompts, given.edit)
    with open_journal(teacher, folder, Path(given.prices), given.only) as (journal, fetch):
        yield RemoteAnswers(teacher, builder, journal, exemplars[0], exemplars[-1], str(supervision), fetch), journal


if __name__ == "__main__":
    program.run(main)
