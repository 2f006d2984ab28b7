"""Make a base model: build and warm it up, or pin a reference to a local folder or a hub model."""

import sys
from pathlib import Path
from typing import Any

from gradus import program
from gradus.atomic import canonical_json, sha256_bytes, sha256_file, write_json
from gradus.fingerprint import fingerprint
from gradus.paths import run_record, work_folder
from gradus.students import copy_tokenizer, corpus_texts, fetch_reference, load_tokens, make_untrained
from gradus.training.checkpoints import progress_folder
from gradus.training.engine_config import STOPPED
from gradus.training.launch import Request, Stopped, forget, launch, publish, verify_weights


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--student", required=True)
    options.add_argument("--settings", required=True, type=program.json_option, help="the student's entry as JSON")
    options.add_argument("--output", required=True, help="the student's folder")
    given = options.parse_args()
    record = program.RunRecord()
    folder = Path(given.output)
    if given.settings["kind"] == "pretrained":
        reference = fetch_reference(given.settings, folder / "model")
        write_json(
            folder / "manifest.json", {"student": given.student, "settings": given.settings, "reference": reference}
        )
        return
    files, steps = build(given.student, given.settings, folder / "model")
    facts = {"student": given.student, "settings": given.settings, "files": files, "steps": steps}
    write_json(folder / "manifest.json", facts)
    record.write(run_record(f"{folder}.jsonl"))


def build(name: str, settings: dict[str, Any], target: Path) -> tuple[dict[str, str], int]:
    """Tokenizer, random weights, warm-up; the proven weights end up in ``target``."""
    texts = corpus_texts(settings["corpus"])
    identity = {
        "student": settings,
        "corpus": sha256_bytes(canonical_json(texts).encode("utf-8")),
        "code": fingerprint("student"),
    }
    start = progress_folder(work_folder(), {"untrained": identity})
    make_untrained(settings, texts, start)
    tokens = load_tokens(start)
    recipe = settings["warm_up"]
    examples = [([*tokens.encode(text), tokens.eos_id])[: recipe["cutoff_tokens"]] for text in texts]
    request = Request(
        title=f"warm-up {name}",
        base=start,
        tokens=examples,
        prompt_lengths=[0] * len(examples),
        recipe=recipe,
        seed=settings["seed"],
        pad_id=tokens.pad_id,
        identity={**identity, "weights": sha256_file(start / "model.safetensors")},
    )
    weights, _, steps = launch(request, work_folder())
    copy_tokenizer(start, weights)
    files = verify_weights(weights)
    publish(weights, target)
    forget(weights.parent)
    forget(start)
    return files, steps


if __name__ == "__main__":
    try:
        program.run(main)
    except Stopped:
        sys.exit(STOPPED)
