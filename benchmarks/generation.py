"""Generation beside transformers' own, with a real checkpoint: `python benchmarks/generation.py WEIGHTS [PROMPTS]`.

SVAMP's test prompts in the checkpoint's template (GRADUS_DATA). Both sides load the same weights, get the same ids in the
same order of lengths and batches of the same size, and must write the same texts; turns alternate, processor time counts.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "scripts"), str(PROJECT / "tests")]

BATCH, LONGEST = 32, 128


def main(weights: Path, count: int) -> None:
    import torch
    from transformers import GenerationConfig

    from gradus.data.datasets.sources import load_problems
    from gradus.evaluation.engines import GenerationLimits, up_to_end
    from gradus.evaluation.engines.stepwise import StepwiseEngine
    from gradus.runtime.jsonl import read_json
    from gradus.students.templates import TEMPLATE_FILE, Template
    from gradus.students.tokens import load_tokens
    from gradus.study.config.datasets import CatalogueDataset

    tokens, template = load_tokens(weights), Template(**read_json(weights / TEMPLATE_FILE))
    section = CatalogueDataset(source="svamp", origin="files")
    folder = Path(os.environ["GRADUS_DATA"])
    problems = load_problems("svamp", section, "test", folder).problems[:count]
    prompts = sorted((tokens.encode(template.prompt(problem)) for problem in problems), key=len)
    batches = [prompts[start : start + BATCH] for start in range(0, len(prompts), BATCH)]
    ends = sorted({template.end_id(tokens), tokens.eos_id})
    engine = StepwiseEngine(weights, GenerationLimits(tuple(ends), LONGEST), tokens.pad_id, BATCH, os.cpu_count() or 1)
    config = GenerationConfig(max_new_tokens=LONGEST, eos_token_id=ends, pad_token_id=tokens.pad_id)

    def ours(batch: list[list[int]]) -> list[list[int]]:
        return engine.complete(batch, [0] * len(batch))

    def theirs(batch: list[list[int]]) -> list[list[int]]:
        ids, mask = engine._padded(batch)
        with torch.inference_mode():
            rows = engine._model.generate(input_ids=ids, attention_mask=mask, generation_config=config)
        return [up_to_end(row, ends) for row in rows[:, ids.shape[1] :].tolist()]

    seconds = {"engine": 0.0, "model.generate": 0.0}
    sides: dict[str, Callable[[list[list[int]]], list[list[int]]]] = {"engine": ours, "model.generate": theirs}
    same = total = 0
    for batch in batches:
        rows = {}
        for name, side in sides.items():
            started = time.process_time()
            rows[name] = side(batch)
            seconds[name] += time.process_time() - started
        same += sum(one == other for one, other in zip(rows["engine"], rows["model.generate"], strict=True))
        total += sum(map(len, rows["engine"]))
    for name, spent in seconds.items():
        print(f"{name}: {spent:.0f} s of processor time, {total / spent:.1f} tokens a second of it")
    print(f"{same} of {len(prompts)} texts are the same; ratio {seconds['model.generate'] / seconds['engine']:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
