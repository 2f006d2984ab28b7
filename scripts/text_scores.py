"""Score every word of a supervision's rationales by a base model, for the transforms that ask what it thinks of them."""

from pathlib import Path

from gradus.records import Annotation, Problem
from gradus.runtime import program
from gradus.runtime.jsonl import read_records, write_records
from gradus.students.base_models import model_source, student_template
from gradus.students.damage import refuse_changed_base
from gradus.students.text_scores import score_texts
from gradus.students.tokens import load_tokens
from gradus.study.paths import Artifact


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the training split")
    options.add_argument("--annotations", required=True)
    options.add_argument("--student", required=True, help="folder of the student whose base model reads them")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--output", required=True)
    given = options.parse_args()

    # They take seconds to import.
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    record = program.RunRecord(given.output)
    record.note(gpus=int(torch.cuda.is_available()))
    disable_progress_bar()
    torch.set_num_threads(given.threads)
    refuse_changed_base(Path(given.student))
    source = model_source(given.student)
    model = AutoModelForCausalLM.from_pretrained(
        str(source), dtype=torch.float32, local_files_only=True, trust_remote_code=False
    )
    model = model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    scores = score_texts(
        model,
        read_records(given.annotations, Annotation),
        {problem.id: problem for problem in read_records(given.problems, Problem)},
        student_template(given.student),
        load_tokens(source),
    )
    write_records(given.output, scores)
    tokens = sum(sum(score.tokens) for score in scores)
    record.write(Artifact(given.output).run_record, tokens=tokens)
    program.log.info("%d texts of %d tokens", len(scores), tokens)


if __name__ == "__main__":
    program.run(main)
