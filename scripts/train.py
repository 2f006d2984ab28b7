"""Fine-tune one student on one training set: DeepSpeed under torchrun, resumable, the end proven."""

import json
import sys
from pathlib import Path

from gradus import program
from gradus.atomic import sha256_file, write_json, write_text
from gradus.fingerprint import fingerprint
from gradus.jsonl import read_manifest, read_records
from gradus.paths import run_record, work_folder
from gradus.records import Example
from gradus.students import copy_tokenizer, load_tokens, model_source
from gradus.training.engine_config import STOPPED
from gradus.training.launch import Request, Stopped, forget, launch, publish, verify_weights


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--cell", required=True, help="the cell's name, for the progress bar and the manifest")
    options.add_argument("--training-set", required=True)
    options.add_argument("--student", required=True, help="the student's folder")
    options.add_argument("--settings", required=True, type=program.json_option, help="recipe and seed as JSON")
    options.add_argument("--output", required=True, help="the checkpoint's folder")
    given = options.parse_args()
    record = program.RunRecord()
    base = model_source(given.student)
    tokens = load_tokens(base)
    recipe, seed = given.settings["recipe"], given.settings["seed"]
    examples = read_records(given.training_set, Example)
    prompts = [tokens.encode(example.prompt) for example in examples]
    completions = [[*tokens.encode(example.completion), tokens.eos_id] for example in examples]
    identity = {
        "training_set": read_manifest(given.training_set)["sha256"],
        "base": sha256_file(Path(given.student) / "manifest.json"),
        "recipe": recipe,
        "seed": seed,
        "code": fingerprint("train"),
    }
    request = Request(
        title=given.cell,
        base=base,
        tokens=[prompt + completion for prompt, completion in zip(prompts, completions, strict=True)],
        prompt_lengths=[len(prompt) for prompt in prompts],
        recipe=recipe,
        seed=seed,
        pad_id=tokens.pad_id,
        identity=identity,
    )
    weights, trace, steps = launch(request, work_folder())
    copy_tokenizer(base, weights)
    files = verify_weights(weights)
    folder = Path(given.output)
    publish(weights, folder / "weights")
    points = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    timeless = [{key: value for key, value in point.items() if key != "seconds"} for point in points]
    write_text(folder / "trace.jsonl", "".join(json.dumps(point) + "\n" for point in timeless))
    target_tokens = sum(point["target_tokens"] for point in points)
    facts = {
        "cell": given.cell,
        "identity": identity,
        "steps": steps,
        "examples": len(examples),
        "samples_seen": sum(point["samples"] for point in points),
        "target_tokens_seen": target_tokens,
        "final_loss": points[-1]["loss"],
        "files": files,
    }
    write_json(folder / "manifest.json", facts)
    forget(weights.parent)
    seconds = sum(point["seconds"] for point in points)
    record.write(run_record(f"{folder}.jsonl"), step_seconds=round(seconds, 3), tokens=sum(p["tokens"] for p in points))


if __name__ == "__main__":
    try:
        program.run(main)
    except Stopped:
        sys.exit(STOPPED)
