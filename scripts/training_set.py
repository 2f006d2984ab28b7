"""Make the training set of one student from annotations: verdict policy, cutoff."""

from statistics import fmean

from gradus.records import Annotation, Problem
from gradus.runtime import program
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import manifest_path, read_json, read_records, write_records
from gradus.students.base_models import context_tokens, model_source, student_template
from gradus.students.tokens import load_tokens
from gradus.students.training_sets import make_training_set, tokenised
from gradus.study.config.options import section_option
from gradus.study.config.training import TrainingSetPolicy


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the training split")
    options.add_argument("--annotations", required=True)
    options.add_argument("--student", required=True, help="the student's folder")
    as_section = section_option("--settings", TrainingSetPolicy)
    options.add_argument("--settings", required=True, type=as_section, help="policy and cutoff as JSON")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    base = model_source(given.student)
    tokens, template = load_tokens(base), student_template(given.student)
    policy: TrainingSetPolicy = given.settings
    examples, selection = make_training_set(
        read_records(given.problems, Problem),
        read_records(given.annotations, Annotation),
        policy,
        template,
        tokens,
    )
    rows = [tokenised(example, template, tokens, policy.cutoff_tokens) for example in examples]
    lengths = [len(ids) for ids, _ in rows]
    context = context_tokens(base)
    if context is not None and max(lengths) > context:
        raise UserError(
            f"the longest example has {max(lengths)} tokens, the model's positions end at {context}",
            where=given.student,
            hint=f"set cutoff_tokens to {context} or less",
        )
    excerpt = bool(read_json(manifest_path(given.annotations)).get("excerpt", False))
    written = [len(ids) - prompt for ids, prompt in rows]
    write_records(
        given.output,
        examples,
        dropped=selection.dropped,
        truncated=selection.truncated,
        excerpt=excerpt,
        mean_tokens=round(fmean(lengths), 3),
        longest_tokens=max(lengths),
        mean_completion_tokens=round(fmean(written), 3),
        longest_completion_tokens=max(written),
    )
    program.log.info("%d examples; dropped %s", len(examples), selection.dropped)


if __name__ == "__main__":
    program.run(main)
