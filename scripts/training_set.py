"""Make the training set of one student from annotations: verdict policy, leak refusal, cutoff."""

from gradus import program
from gradus.jsonl import manifest_path, read_json, read_records, write_records
from gradus.records import Annotation, Problem
from gradus.students import load_tokens, model_source
from gradus.training_sets import make_training_set


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the training split")
    options.add_argument("--test", required=True, help="the test split, for the leak check")
    options.add_argument("--annotations", required=True)
    options.add_argument("--student", required=True, help="the student's folder")
    options.add_argument(
        "--settings", required=True, type=program.json_option, help="policy, leakage and cutoff as JSON"
    )
    options.add_argument("--output", required=True)
    given = options.parse_args()
    tokens = load_tokens(model_source(given.student))
    examples, counts = make_training_set(
        read_records(given.problems, Problem),
        read_records(given.test, Problem),
        read_records(given.annotations, Annotation),
        policy=given.settings["verdict_policy"],
        allow_leakage=given.settings["allow_leakage"],
        count_tokens=lambda text: len(tokens.encode(text)),
        cutoff_tokens=given.settings["cutoff_tokens"],
    )
    lengths = [len(tokens.encode(example.prompt)) + len(tokens.encode(example.completion)) + 1 for example in examples]
    excerpt = bool(read_json(manifest_path(given.annotations)).get("excerpt", False))
    write_records(given.output, examples, **counts, excerpt=excerpt, mean_tokens=round(sum(lengths) / len(lengths), 3))
    program.log.info("%d examples; dropped %s", len(examples), counts["dropped"])


if __name__ == "__main__":
    program.run(main)
