"""Write a teacher's worked example, at all six levels or in one format, or bring back the one that is frozen."""

import contextlib
from pathlib import Path

from gradus.records import Problem
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.jsonl import read_records
from gradus.study.paths import journal_folder, run_record
from gradus.teachers.clients.served import server_for
from gradus.teachers.prompts.exemplars import (
    describe,
    find_exemplar,
    freeze,
    frozen_path,
    load_exemplar,
    write_exemplar,
)
from gradus.teachers.prompts.prompting import Prompts
from gradus.teachers.prompts.request_builder import ChatTeacher
from gradus.teachers.requests.journal import Journal
from gradus.teachers.requests.sources import handling, make_purchase, sole_buyer


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the training split")
    options.add_argument("--dataset", required=True)
    options.add_argument("--teacher", required=True)
    options.add_argument("--format", required=True)
    options.add_argument("--teacher-settings", required=True, type=program.json_option)
    options.add_argument("--originals", help="the exemplar of the originals, for a format")
    options.add_argument("--prompts", required=True)
    options.add_argument("--prices", required=True)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    record = program.RunRecord()
    prompts = Prompts(given.prompts)
    folder = journal_folder() / given.teacher
    exemplar = find_exemplar(prompts, folder, given.dataset, given.teacher, given.format)
    is_new = exemplar is None
    if exemplar is None:
        settings = {**handling(given.teacher), **given.teacher_settings}
        # The six levels come in one answer; a single request is no batch.
        settings = {**settings, "max_output_tokens": max(8192, settings["max_output_tokens"]), "mode": "online"}
        teacher = ChatTeacher(settings, prompts, "shown")
        originals = load_exemplar(given.originals) if given.originals else None
        problems = read_records(given.problems, Problem)
        with contextlib.ExitStack() as held:
            if not settings["offline"]:
                held.enter_context(sole_buyer(folder))
            journal = held.enter_context(Journal(folder))
            buy = None
            if not settings["offline"]:
                server = held.enter_context(server_for(settings))
                buy = make_purchase(settings, teacher, journal, Path(given.prices), server).buy
            exemplar = write_exemplar(problems, teacher, prompts, journal, buy, given.format, originals)
            freeze(frozen_path(folder, given.dataset, given.format), exemplar)
    write_json(given.output, describe(exemplar))
    record.write(run_record(given.output), newly_written=is_new)
    program.log.info("exemplar %s/%s/%s: %s", given.dataset, given.teacher, given.format, exemplar.origin)


if __name__ == "__main__":
    program.run(main)
