"""Make the annotations of a supervision from those of others (padding, mixtures)."""

from collections import Counter

from gradus.records import Annotation, Problem, Supervision
from gradus.runtime import program
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import manifest_path, read_json, read_records, write_records
from gradus.students.base_models import model_source
from gradus.students.tokens import load_tokens
from gradus.study.config.options import section_option
from gradus.study.config.teachers import Transform
from gradus.teachers.transforms import make_plugin


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True)
    options.add_argument("--supervision", required=True, help="dataset/teacher/format/level")
    options.add_argument(
        "--settings", required=True, type=section_option("--settings", Transform), help="the transform's entry as JSON"
    )
    options.add_argument("--sources", required=True, nargs="+", help="annotation files, in the plug-in's order")
    options.add_argument("--student", help="folder of the student whose tokens are counted")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    tokens = load_tokens(model_source(given.student)) if given.student else None
    supervision = Supervision(*given.supervision.split("/"))
    rows = make_plugin(given.settings).apply(
        supervision,
        read_records(given.problems, Problem),
        [read_records(path, Annotation) for path in given.sources],
        (lambda text: len(tokens.encode(text))) if tokens is not None else (lambda text: len(text.split())),
    )
    if not rows:
        raise UserError(f"the transform made no annotation for {supervision}")
    verdicts = dict(sorted(Counter(row.verdict for row in rows).items()))
    words = sum(len(row.rationale.split()) for row in rows) / len(rows)
    excerpt = any(read_json(manifest_path(path)).get("excerpt", False) for path in given.sources)
    write_records(
        given.output, rows, verdicts=verdicts, without_annotation=[], mean_words=round(words, 3), excerpt=excerpt
    )
    program.log.info("%s: %d annotations", supervision, len(rows))


if __name__ == "__main__":
    program.run(main)
