"""Let a trained student answer the test problems."""

from pathlib import Path

from gradus.evaluation.engines import Engine, GenerationLimits
from gradus.evaluation.generation import generate, longest_output
from gradus.records import Problem
from gradus.runtime import program
from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file
from gradus.runtime.environment import work_folder
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_manifest, read_records, write_records
from gradus.runtime.leases import lease
from gradus.students.base_models import refuse_beyond_positions
from gradus.students.templates import TEMPLATE_FILE, Template
from gradus.students.tokens import load_tokens
from gradus.students.training.checkpoints import progress_folder
from gradus.students.training.publication import drop_kept
from gradus.study.config.options import section_option
from gradus.study.config.study import Decoding
from gradus.study.fingerprint import fingerprint
from gradus.study.paths import Artifact


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the test split")
    options.add_argument("--checkpoint", required=True, help="the checkpoint's folder")
    options.add_argument("--training-set-manifest", required=True, help="has the lengths that it learned to write")
    options.add_argument(
        "--settings", required=True, type=section_option("--settings", Decoding), help="the decoding's entry as JSON"
    )
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    decoding: Decoding = given.settings
    record = program.RunRecord()
    folder = Path(given.checkpoint)
    weights, manifest = folder / "weights", read_json(folder / "manifest.json")
    for name, digest in manifest["files"].items():
        if not (weights / name).exists() or sha256_file(weights / name) != digest:
            raise UserError(
                "differs from what training wrote", where=weights / name, hint=f"delete {folder} and run again"
            )
    problems = read_records(given.problems, Problem)
    longest = longest_output(decoding.max_new_tokens, read_json(given.training_set_manifest))
    identity = {
        "problems": read_manifest(given.problems)["sha256"],
        "files": manifest["files"],
        "settings": decoding.model_dump(),
        "longest": longest,
        "code": fingerprint("generate"),
    }
    progress = work_folder() / "predictions" / f"{sha256_bytes(canonical_json(identity).encode())[:32]}.jsonl"
    template, tokens = Template(**read_json(weights / TEMPLATE_FILE)), load_tokens(weights)
    longest_prompt = max(len(tokens.encode(template.prompt(problem))) for problem in problems)
    refuse_beyond_positions(weights, longest_prompt, longest)
    limits = GenerationLimits(
        ends=tuple(sorted({template.end_id(tokens), tokens.eos_id})),
        longest=longest,
        temperature=decoding.temperature,
        beams=decoding.beams,
        memory_bytes=int(decoding.memory_gib * 2**30),
    )
    engine = load_engine(decoding, weights, limits, tokens.pad_id, given.threads)
    with lease(progress, f"predictions {given.output}"):
        predictions = generate(engine, tokens, template, problems, progress, decoding.samples, decoding.stop_strings)
        truncated = sum(prediction.finish_reason == "length" for prediction in predictions)
        write_records(given.output, predictions, truncated=truncated, max_new_tokens=longest)
        progress.unlink(missing_ok=True)
    record.write(Artifact(given.output).run_record, completion_tokens=sum(p.completion_tokens for p in predictions))
    drop_kept(progress_folder(work_folder(), manifest["identity"]))


def load_engine(decoding: Decoding, weights: Path, limits: GenerationLimits, pad_id: int, threads: int) -> Engine:
    """The engine that a decoding names; only its own libraries are imported."""
    if decoding.engine == "vllm":
        from gradus.evaluation.engines.vllm import VllmEngine

        return VllmEngine(weights, limits)
    if decoding.engine == "continuous":
        from gradus.evaluation.engines.continuous import ContinuousEngine

        return ContinuousEngine(weights, limits, pad_id, threads)
    from gradus.evaluation.engines.stepwise import StepwiseEngine

    return StepwiseEngine(weights, limits, pad_id, decoding.batch_size, threads)


if __name__ == "__main__":
    program.run(main)
