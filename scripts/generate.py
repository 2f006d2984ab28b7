"""Let a trained student answer the test problems."""

from pathlib import Path

from gradus import program
from gradus.atomic import canonical_json, sha256_bytes, sha256_file
from gradus.claims import claimed
from gradus.engines import Engine, TransformersEngine, VllmEngine
from gradus.errors import UserError
from gradus.fingerprint import fingerprint
from gradus.generation import generate
from gradus.jsonl import read_json, read_manifest, read_records, write_records
from gradus.paths import run_record, work_folder
from gradus.records import Problem
from gradus.templates import TEMPLATE_FILE, Template
from gradus.tokens import load_tokens
from gradus.training.checkpoints import progress_folder
from gradus.training.publication import drop_kept


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the test split")
    options.add_argument("--checkpoint", required=True, help="the checkpoint's folder")
    options.add_argument("--settings", required=True, type=program.json_option, help="the decoding's entry as JSON")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    record = program.RunRecord()
    folder = Path(given.checkpoint)
    weights, manifest = folder / "weights", read_json(folder / "manifest.json")
    for name, digest in manifest["files"].items():
        if not (weights / name).exists() or sha256_file(weights / name) != digest:
            raise UserError(
                "differs from what training wrote", where=weights / name, hint=f"delete {folder} and run again"
            )
    problems = read_records(given.problems, Problem)
    identity = {
        "problems": read_manifest(given.problems)["sha256"],
        "files": manifest["files"],
        "settings": given.settings,
        "code": fingerprint("generate"),
    }
    progress = work_folder() / "predictions" / f"{sha256_bytes(canonical_json(identity).encode())[:32]}.jsonl"
    template, tokens = Template(**read_json(weights / TEMPLATE_FILE)), load_tokens(weights)
    ends, longest = sorted({template.end_id(tokens), tokens.eos_id}), given.settings["max_new_tokens"]
    engine: Engine
    if given.settings.get("engine") == "vllm":
        engine = VllmEngine(weights, ends, longest)
    else:
        engine = TransformersEngine(weights, ends, tokens.pad_id, longest, given.threads)
    with claimed(progress, f"predictions {given.output}"):
        predictions = generate(engine, tokens, template, problems, given.settings, progress)
        write_records(given.output, predictions, truncated=sum(p.finish_reason == "length" for p in predictions))
        progress.unlink(missing_ok=True)
    record.write(run_record(given.output), completion_tokens=sum(p.completion_tokens for p in predictions))
    drop_kept(progress_folder(work_folder(), manifest["identity"]))


if __name__ == "__main__":
    program.run(main)
