"""Score how well a supervision fits a base model before any training: surprisal, rank, their ratio, local surprisal."""

from pathlib import Path

from gradus.records import Example
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_records
from gradus.students.base_models import model_source
from gradus.students.damage import refuse_changed_base
from gradus.students.fit import fit, local_rows, score, whole_rows
from gradus.students.tokens import load_tokens
from gradus.study.paths import Artifact


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--training-set", required=True, help="what the student would be trained on")
    options.add_argument("--student", required=True, help="the student's folder")
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
    examples = read_records(given.training_set, Example)
    refuse_changed_base(Path(given.student))
    source = model_source(given.student)
    tokens = load_tokens(source)
    model = AutoModelForCausalLM.from_pretrained(
        str(source), dtype=torch.float32, local_files_only=True, trust_remote_code=False
    )
    model = model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    whole = score(model, whole_rows(examples, tokens), tokens.pad_id)
    parts = [local_rows(example, tokens) for example in examples]
    flat = score(model, [row for rows in parts for row in rows], tokens.pad_id)
    local, start = [], 0
    for rows in parts:
        local.append(flat[start : start + len(rows)])
        start += len(rows)
    found = fit(whole, local)
    if not found.tokens:
        raise UserError("no example has a text to score", where=given.training_set)
    write_json(given.output, found.to_json())
    record.write(Artifact(given.output).run_record, tokens=found.tokens)
    program.log.info(
        "%d texts: surprisal %.3f, rank %.1f, RSR %.2f", found.texts, found.surprisal, found.rank, found.rsr
    )


if __name__ == "__main__":
    program.run(main)
