"""Annotate the training problems of a dataset with one supervision; answers go through the journal."""

from gradus import program
from gradus.annotation import annotate
from gradus.journal import Journal
from gradus.jsonl import read_records, write_records
from gradus.paths import Supervision, data_folder, journal_folder, run_record
from gradus.records import Annotation, Problem
from gradus.teachers.providers import make_provider


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the training split")
    options.add_argument("--supervision", required=True, help="dataset/teacher/format/level")
    options.add_argument(
        "--teacher-settings", required=True, type=program.json_option, help="the teacher's entry as JSON"
    )
    options.add_argument("--original", default=None, help="the original annotations that a rewrite starts from")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    record = program.RunRecord()
    supervision = Supervision(*given.supervision.split("/"))
    problems = read_records(given.problems, Problem)
    originals = {row.problem_id: row for row in read_records(given.original, Annotation)} if given.original else {}
    provider = make_provider(given.teacher_settings, data_folder())
    with Journal(journal_folder() / supervision.teacher) as journal:
        annotations, counts = annotate(problems, supervision, provider, journal, originals)
    write_records(given.output, annotations, **counts)
    record.write(run_record(given.output), from_journal=journal.found, newly_asked=journal.added)
    program.log.info("%s: %s; %d answers from the journal", supervision, counts["verdicts"], journal.found)


if __name__ == "__main__":
    program.run(main)
