"""Make a base model: build and warm it up, take an earlier step of another one, or pin a reference to a foreign one."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from gradus.runtime import program
from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file, write_json
from gradus.runtime.environment import folder_or_hub, gpus_here, work_folder
from gradus.runtime.jsonl import read_json
from gradus.runtime.leases import lease
from gradus.students.base_models import corpus_texts, fetch_reference, make_untrained
from gradus.students.templates import resolve_template
from gradus.students.tokens import copy_tokenizer, load_tokens
from gradus.students.training.checkpoints import earlier_folder, progress_folder
from gradus.students.training.engine_config import STOPPED
from gradus.students.training.launch import Stopped, TrainingRequest, launch
from gradus.students.training.publication import forget, publish, verify_weights
from gradus.study.config.options import section_option
from gradus.study.config.students import BuiltStudent, EarlierStudent, PretrainedStudent, Student, saving_every
from gradus.study.fingerprint import fingerprint
from gradus.study.paths import Artifact


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--student", required=True)
    options.add_argument(
        "--settings", required=True, type=section_option("--settings", Student), help="the student's entry as JSON"
    )
    options.add_argument(
        "--demands", help="what the study asks of a pretrained student, as JSON: the model is tried first"
    )
    options.add_argument("--whole", help="the base model in which the weights of an earlier student were kept")
    options.add_argument("--save-every", type=int, help="steps between two progress checkpoints of a warm-up")
    options.add_argument("--output", required=True, help="the student's folder")
    given = options.parse_args()
    record = program.RunRecord(given.output)
    folder = Path(given.output)
    student: BuiltStudent | EarlierStudent | PretrainedStudent = given.settings
    facts: dict[str, object] = {"student": given.student, "settings": student.identity()}
    more: dict[str, object] = {}
    if isinstance(student, PretrainedStudent):
        with folder_or_hub(student.model):
            reference = fetch_reference(student, folder / "model")
        facts["reference"] = {key: value for key, value in reference.items() if key != "path"}
        source = Path(reference["path"])
        if given.demands:
            more["trial"] = tried(source, student, given.demands)
    elif isinstance(student, EarlierStudent):
        source = folder / "model"
        facts["files"] = take_earlier(Path(given.whole), student, source)
    else:
        source = folder / "model"
        record.note(gpus=student.warm_up.ranks if gpus_here() else 0)
        facts["files"], facts["steps"], more["arithmetic"] = build(given.student, student, source, given.save_every)
    asked = student if isinstance(student, PretrainedStudent) else "plain"
    template = resolve_template(asked, load_tokens(source), source)
    write_json(folder / "manifest.json", {**facts, "template": asdict(template)})
    record.write(Artifact(f"{folder}.jsonl").run_record, **more)


def tried(source: Path, student: PretrainedStudent, demands: str) -> dict[str, object]:
    """What ``trial.py`` finds of a pinned model; SystemExit, after its message, where it cannot do what the study asks.

    A process of its own: it has no network, no terminal and no part in the fingerprint of this program, whose output it
    does not change.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "trial.json"
        command = [sys.executable, str(Path(__file__).with_name("trial.py")), str(source)]
        command += ["--settings", student.model_dump_json(), "--demands", demands, "--output", str(output)]
        offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
        if subprocess.run(command, stdin=subprocess.DEVNULL, env=offline, check=False).returncode != 0:
            sys.exit(1)
        found: dict[str, object] = read_json(output)
    return found


def take_earlier(whole: Path, student: EarlierStudent, target: Path) -> dict[str, str]:
    """Publish the weights that the warm-up of another student has kept."""
    kept = earlier_folder(whole, student.share)
    files = verify_weights(kept)
    publish(kept, target)
    return files


def build(
    name: str, student: BuiltStudent, target: Path, save_every: int | None
) -> tuple[dict[str, str], int, Mapping[str, object]]:
    """Tokenizer, random weights, warm-up; the proven weights end up in ``target``. Their hashes, steps and arithmetic."""
    texts = corpus_texts(student.corpus)
    identity = {
        "student": student.identity(),
        "corpus": sha256_bytes(canonical_json(texts).encode("utf-8")),
        "code": fingerprint("student"),
    }
    start = progress_folder(work_folder(), {"untrained": identity})
    with lease(start, f"warm-up {name}"):
        make_untrained(student, texts, start)
        tokens = load_tokens(start)
        recipe = saving_every(student.warm_up, save_every)
        examples = [([*tokens.encode(text), tokens.eos_id])[: recipe.cutoff_tokens] for text in texts]
        request = TrainingRequest(
            title=f"warm-up {name}",
            base=start,
            tokens=examples,
            prompt_lengths=[0] * len(examples),
            answer_starts=[0] * len(examples),
            recipe=recipe,
            seed=student.seed,
            pad_id=tokens.pad_id,
            end_ids=[tokens.eos_id],
            identity={**identity, "weights": sha256_file(start / "model.safetensors")},
            keep_at=tuple(student.keep_at),
        )
        trained = launch(request, work_folder())
        copy_tokenizer(start, trained.weights)
        for share in student.keep_at:
            kept = earlier_folder(trained.weights, share)
            shutil.copytree(earlier_folder(trained.weights.parent, share), kept, dirs_exist_ok=True)
            copy_tokenizer(start, kept)
        files = verify_weights(trained.weights)
        publish(trained.weights, target)
        forget(trained.weights.parent)
        forget(start)
    return files, trained.steps, trained.arithmetic


if __name__ == "__main__":
    try:
        program.run(main)
    except Stopped:
        sys.exit(STOPPED)
