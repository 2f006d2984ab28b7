"""Fine-tune one student on one training set: DeepSpeed on one or more ranks, resumable, the end proven.

On several nodes the same command runs once on each, under srun; the first node publishes.
"""

import json
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from gradus.records import Example
from gradus.results.set_aside import SharedStore, drop, holds, is_set_aside, manifest_aside, open_store, take_back
from gradus.runtime import program
from gradus.runtime.atomic import sha256_file, write_json, write_text
from gradus.runtime.attempts import attempts
from gradus.runtime.environment import commit, gpus_here, submitted_job, versions, work_folder
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_manifest, read_records
from gradus.runtime.leases import lease
from gradus.students.base_models import model_source, student_template
from gradus.students.damage import refuse_changed_base
from gradus.students.templates import TEMPLATE_FILE
from gradus.students.tokens import copy_tokenizer, load_tokens
from gradus.students.training.checkpoints import progress_folder
from gradus.students.training.engine_config import STOPPED
from gradus.students.training.geometry import geometry, spread
from gradus.students.training.launch import Stopped, Trained, TrainingRequest, launch
from gradus.students.training.publication import forget, keep, publish, verify_weights
from gradus.students.training.telemetry import StepPoint, split
from gradus.students.training_sets import answer_start, held_out, tokenised
from gradus.study.config.options import section_option
from gradus.study.config.students import Recipe, saving_every
from gradus.study.config.training import CellTraining
from gradus.study.fingerprint import fingerprint
from gradus.study.paths import TELEMETRY, TRACE, Artifact, Folder

VERSIONS = ("torch", "transformers", "deepspeed", "peft", "tokenizers")


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--cell", required=True, help="the cell's name, for the progress bar and the manifest")
    options.add_argument("--training-set", required=True)
    options.add_argument("--student", required=True, help="the student's folder")
    options.add_argument(
        "--settings", required=True, type=section_option("--settings", CellTraining), help="recipe and seed as JSON"
    )
    options.add_argument("--nodes", type=int, default=1, help="nodes that train together, in a SLURM job")
    options.add_argument("--cpus", type=int, help="CPU cores on each node")
    options.add_argument("--gpus", type=int, default=0, help="GPUs on each node, for srun")
    options.add_argument("--budget-gpu-hours", type=float, help="the study's; at this many no training starts")
    options.add_argument(
        "--save-every", type=int, help="steps between two progress checkpoints; unset: as in the recipe"
    )
    options.add_argument("--output", required=True, help="the checkpoint's folder")
    given = options.parse_args()
    command = [sys.executable, *sys.argv]
    recipe, seed = saving_every(given.settings.recipe, given.save_every), given.settings.seed
    if published_again(given):
        program.log.info("%s: nothing that decides its weights has changed; they are published again", given.cell)
        return
    store = open_store()
    alone = given.nodes == 1 or "SLURM_STEP_ID" not in os.environ  # of several nodes' launchers none may end early
    if store is not None and alone and taken(given, store):
        program.log.info("%s: taken from %s; nothing is trained", given.cell, store.root)
        return
    across = spread(given.nodes, os.environ, command, given.cpus or 1, given.gpus)
    if across is not None:
        os.execvp(across[0], across)  # srun hears the signals from here on, and passes them to the launchers
    if given.budget_gpu_hours is not None:
        refuse_beyond_budget(Path(given.output), given.budget_gpu_hours)
    record = program.RunRecord(given.output)
    refuse_changed_base(Path(given.student))
    base = model_source(given.student)
    tokens, template = load_tokens(base), student_template(given.student)
    examples = read_records(given.training_set, Example)
    apart = [] if recipe.validation is None else held_out(examples, recipe.validation.share)
    examples = [one for index, one in enumerate(examples) if index not in set(apart)] + [examples[i] for i in apart]
    trained_on = len(examples) - len(apart)
    pairs = [tokenised(example, template, tokens, recipe.cutoff_tokens) for example in examples]
    identity = identity_of(given)
    end = template.end_id(tokens)
    request = TrainingRequest(
        title=given.cell,
        base=base,
        tokens=[ids for ids, _ in pairs],
        prompt_lengths=[length for _, length in pairs],
        answer_starts=[answer_start(example, tokens) for example in examples],
        recipe=recipe,
        seed=seed,
        pad_id=tokens.pad_id,
        end_ids=list(dict.fromkeys([end, tokens.eos_id])),
        identity=identity,
        held_out=len(apart),
        cpus=given.cpus,
    )
    progress = progress_folder(work_folder(), identity)
    here = geometry(os.environ, recipe.ranks)
    leads = here.leads
    record.note(gpus=here.ranks_per_node if gpus_here() else 0)
    with lease(progress, given.cell) if leads else nullcontext():
        try:
            trained = launch(request, work_folder())
        except Stopped:
            record.end("stopped")
            raise
        if not trained.leads:
            record.end()
            return
        points: list[StepPoint] = [json.loads(line) for line in trained.trace.read_text(encoding="utf-8").splitlines()]
        check_steps(points, trained, trained_on, recipe)
        copy_tokenizer(base, trained.weights)
        write_json(trained.weights / TEMPLATE_FILE, asdict(template))
        files = verify_weights(trained.weights)
        folder = Path(given.output)
        publish(trained.weights, folder / "weights")
        write_lines(folder / Path(TRACE).name, [split(point)[0] for point in points])
        write_lines(folder / Path(TELEMETRY).name, [split(point)[1] for point in points])
        kept = points[trained.kept_step - 1]
        facts = {
            "cell": given.cell,
            "identity": identity,
            "base": read_json(Path(given.student) / "manifest.json").get("reference"),
            "world_size": recipe.ranks,
            "versions": versions(*VERSIONS),
            "steps": trained.steps,
            "samples_per_step": recipe.batch_size,
            "samples_in_last_step": points[-1]["samples"],
            "examples": trained_on,
            "samples_seen": sum(point["samples"] for point in points),
            "target_tokens_seen": sum(point["target_tokens"] for point in points),
            "final_loss": kept["loss"],
            "final_end_loss": kept["end_loss"],
            "files": files,
        }
        if recipe.validation is not None:
            facts |= {"held_out": len(apart), "kept_step": kept["step"], "validation_loss": kept["validation_loss"]}
        write_json(folder / "manifest.json", facts)
        if submitted_job() is not None:
            keep(progress)  # Snakemake may have died meanwhile; the predictions' job deletes it
        else:
            forget(progress)
    took = run_facts(points, trained, recipe.ranks)
    record.note(energy_joules=took["energy_joules"])
    record.write(Artifact(f"{folder}.jsonl").run_record, commit=commit(), **took)
    if store is not None:
        store.put("trainings", identity, shared_files(folder, files), given.output)
    ends = "" if facts["final_end_loss"] is None else f", {facts['final_end_loss']:.4f} where it ends"
    program.log.info("%s: loss %.4f%s, %d steps", given.cell, facts["final_loss"], ends, trained.steps)


def identity_of(given: Namespace) -> dict[str, object]:
    """Everything that decides the weights."""
    return {
        "training_set": read_manifest(given.training_set)["sha256"],
        "base": sha256_file(Path(given.student) / "manifest.json"),
        "recipe": given.settings.recipe.identity(),
        "seed": given.settings.seed,
        "code": fingerprint("train"),
    }


def published_again(given: Namespace) -> bool:
    """Put the weights back that lay in the checkpoint's folder before this job, if it would make these; else they are deleted."""
    folder = Artifact(given.output)
    weights, manifest = Folder(folder / "weights"), folder / "manifest.json"
    made = [weights, folder / Path(TRACE).name, folder / Path(TELEMETRY).name, manifest]
    if not is_set_aside(made):
        return False
    before = manifest_aside(manifest)
    if before.get("identity") != identity_of(given) or not holds(weights, before.get("files")):
        drop(made)
        return False
    take_back(made)
    return True


def shared_files(folder: Path, weights: dict[str, str]) -> dict[str, Path]:
    """What of a checkpoint's folder a store keeps, by its name there."""
    names = [*(f"weights/{name}" for name in weights), Path(TRACE).name, Path(TELEMETRY).name, "manifest.json"]
    return {name: folder / name for name in names}


def taken(given: Namespace, store: SharedStore) -> bool:
    """Publish the weights of this identity that somebody has shared, if there are any; the manifest says whose they are."""
    folder = Path(given.output)
    found = folder / ".from_store"
    origin = store.take("trainings", identity_of(given), found)
    if origin is None:
        return False
    publish(found / "weights", folder / "weights")
    for name in (Path(TRACE).name, Path(TELEMETRY).name):
        os.replace(found / name, folder / name)
    facts = read_json(found / "manifest.json")
    shutil.rmtree(found)
    write_json(folder / "manifest.json", {**facts, "cell": given.cell, "from_store": origin})
    return True


def refuse_beyond_budget(output: Path, budget: float) -> None:
    """UserError where the tries of this study have held GPUs for its budget of hours: a training that is finished stays."""
    study = output.parents[len(output.parts) - 3]
    spent = sum(attempt.gpu_hours for attempt in attempts(study))
    if spent >= budget:
        raise UserError(
            f"the study has used {spent:.2f} of its {budget:g} GPU hours (failed tries included): no new training starts",
            where="configuration key budget_gpu_hours",
            hint="raise it and run again; finished trainings, and what the stopped ones have saved, stay",
        )


def check_steps(points: list[StepPoint], trained: Trained, examples: int, recipe: Recipe) -> None:
    """UserError unless every step saw exactly the recipe's number of samples, and all of them the recipe's epochs."""
    wanted = round(examples * recipe.epochs)
    sizes = [point["samples"] for point in points]
    steps = -(-wanted // recipe.batch_size)
    whole = [point["step"] for point in points] == list(range(1, steps + 1)) and trained.steps == steps
    if not whole or sum(sizes) != wanted or any(size != recipe.batch_size for size in sizes[:-1]):
        raise UserError(
            f"the training log does not show {steps} steps of {recipe.batch_size} samples, {wanted} in all",
            where=trained.trace,
            hint=f"delete {trained.trace.parent} and run again",
        )


def run_facts(points: list[StepPoint], trained: Trained, ranks: int) -> dict[str, object]:
    """What the training took; seconds of steps include those before an interruption."""
    seconds = sum(point["seconds"] for point in points)
    fixed = {name: value for name, value in trained.seconds.items() if name not in ("first_step", "other_steps")}
    tokens = sum(point["tokens"] for point in points)
    energies = [point["energy_joules"] for point in points if point["energy_joules"] is not None]
    return {
        "step_seconds": round(seconds, 3),
        "phase_seconds": trained.seconds,
        "rank_hours": round((seconds + sum(fixed.values())) * ranks / 3600, 5),
        "tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 1),
        "mfu": points[-1]["mfu"],
        "peak_memory_bytes": max(point["peak_memory_bytes"] for point in points),
        "energy_joules": round(sum(energies), 1) if energies else None,
        "arithmetic": trained.arithmetic,
    }


def write_lines(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """JSONL, whole or not at all."""
    write_text(path, "".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    try:
        program.run(main)
    except Stopped:
        sys.exit(STOPPED)
