"""Score a teacher's own answers to the test split."""

from gradus.evaluation.scoring import score_teacher
from gradus.records import Annotation, Problem, Supervision
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.jsonl import read_records


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the test split")
    options.add_argument("--answers", required=True)
    options.add_argument("--supervision", required=True, help="dataset/teacher/format/level")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    supervision = Supervision(*given.supervision.split("/"))
    scores = score_teacher(read_records(given.problems, Problem), read_records(given.answers, Annotation))
    write_json(given.output, {**vars(supervision), **scores.to_json()})


if __name__ == "__main__":
    program.run(main)
