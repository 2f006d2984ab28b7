"""Make the annotations of a supervision from those of others (padding, pruning, mixtures, ...)."""

from collections import Counter

from gradus.records import Annotation, Problem, Scored, Supervision
from gradus.records.text_scores import TextScore
from gradus.runtime import program
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import manifest_path, read_json, read_records, write_records
from gradus.students.base_models import model_source
from gradus.students.tokens import load_tokens
from gradus.study.config.options import section_option
from gradus.study.config.transforms import Transform
from gradus.teachers.transforms import make_plugin
from gradus.teachers.transforms.accounting import removed, taken
from gradus.teachers.transforms.mixed import pass_rates


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True)
    options.add_argument("--supervision", required=True, help="dataset/teacher/format/level")
    options.add_argument(
        "--settings", required=True, type=section_option("--settings", Transform), help="the transform's entry as JSON"
    )
    options.add_argument("--sources", required=True, nargs="+", help="annotation files, in the plug-in's order")
    options.add_argument("--student", help="folder of the student whose tokens are counted")
    options.add_argument("--scores", help="what a base model makes of the source's texts, for a transform that asks it")
    options.add_argument("--solved", help="how a student's answers to the training problems were scored")
    options.add_argument("--take", default="", help="verdicts of the rows that are taken, by commas; else all rows are")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    tokens = load_tokens(model_source(given.student)) if given.student else None
    supervision = Supervision(*given.supervision.split("/"))
    sources = [read_records(path, Annotation) for path in given.sources]
    verdicts = [verdict for verdict in given.take.split(",") if verdict]
    scores = {one.key: one for one in read_records(given.scores, TextScore)} if given.scores else {}
    solved = pass_rates(read_records(given.solved, Scored)) if given.solved else {}
    rows = make_plugin(given.settings, scores, solved).apply(
        supervision,
        read_records(given.problems, Problem),
        [taken(source, verdicts) for source in sources],
        (lambda text: len(tokens.encode(text))) if tokens is not None else (lambda text: len(text.split())),
    )
    if not rows:
        raise UserError(f"the transform made no annotation for {supervision}")
    counts = dict(sorted(Counter(row.verdict for row in rows).items()))
    words = sum(len(row.rationale.split()) for row in rows) / len(rows)
    excerpt = any(read_json(manifest_path(path)).get("excerpt", False) for path in given.sources)
    write_records(
        given.output,
        rows,
        verdicts=counts,
        without_annotation=[],
        mean_words=round(words, 3),
        excerpt=excerpt,
        transform=removed(sources, rows),
    )
    program.log.info("%s: %d annotations", supervision, len(rows))


if __name__ == "__main__":
    program.run(main)
