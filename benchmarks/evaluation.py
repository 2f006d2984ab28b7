"""Predictions per second, beside the paper's way and lm-evaluation-harness.

python benchmarks/evaluation.py cpu [--problems 1319] [--harness PYTHON]  tiny BLOOM and tiny Llama over GSM8K-like prompts
python benchmarks/evaluation.py harness FOLDER PROMPTS OUTPUT END         (started by the former, in the harness's environment)
python benchmarks/evaluation.py gpu [--shape meta-llama/Llama-3.2-1B]     continuous batching against the memory bandwidth
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "scripts"), str(PROJECT / "tests")]
LONGEST, BATCH, THREADS = 256, 256, 2


def make_prompts(count: int, tokens: Any) -> list[list[int]]:
    """Word problems of GSM8K's spread of lengths (a log-normal with mean 45 words), as ids."""
    rng = random.Random(5)
    text = "Tom has three apples and gives two of them to his sister who then buys seven more at the market"
    words = text.split()
    prompts = []
    for number in range(count):
        length = max(12, min(180, round(rng.lognormvariate(3.7, 0.4))))
        said = " ".join(rng.choice(words) for _ in range(length))
        prompts.append(tokens.encode(f"Question: {number} {said}? How many are left?\nAnswer:"))
    return prompts


def make_model(family: str, folder: Path) -> Path:
    """A random model of two layers, width 128, with a head of its own and large weights: a small one says one token for ever."""
    from gradus.students import tiny_models

    layers = {"num_hidden_layers": 2, "intermediate_size": 256} if family == "llama" else {"n_layer": 2}
    return tiny_models.make(family, folder, hidden_size=128, tie_word_embeddings=False, initializer_range=0.3, **layers)


def frequent_end(folder: Path, prompts: list[list[int]]) -> int:
    """A token that the model writes now and then: it serves as the end, so that texts have different lengths."""
    from collections import Counter

    from gradus.evaluation.engines import GenerationLimits
    from gradus.evaluation.engines.stepwise import StepwiseEngine

    rows = StepwiseEngine(folder, GenerationLimits((), LONGEST), 0, BATCH, THREADS).complete(prompts[:64], [0] * 64)
    firsts: Counter[int] = Counter()
    for token in {token for row in rows for token in row}:
        positions = [row.index(token) if token in row else LONGEST for row in rows]
        firsts[token] = -abs(round(statistics.fmean(positions)) - LONGEST // 3)
    return firsts.most_common(1)[0][0]


def ours(folder: Path, prompts: list[list[int]], end: int) -> tuple[float, list[list[int]]]:
    """Batches of similar length, rows leaving as they end."""
    from gradus.evaluation.engines import GenerationLimits
    from gradus.evaluation.engines.stepwise import StepwiseEngine

    engine = StepwiseEngine(folder, GenerationLimits((end,), LONGEST), 0, BATCH, THREADS)
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    written: list[list[int]] = [[] for _ in prompts]
    started = time.perf_counter()
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        for index, row in zip(batch, engine.complete([prompts[p] for p in batch], [0] * len(batch)), strict=True):
            written[index] = row
    return time.perf_counter() - started, written


def one_by_one(folder: Path, prompts: list[list[int]], end: int) -> tuple[float, list[list[int]]]:
    """The paper's way: a call of generate for every prompt."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(THREADS)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    written = []
    started = time.perf_counter()
    with torch.inference_mode():
        for ids in prompts:
            told = {"max_new_tokens": LONGEST, "do_sample": False, "eos_token_id": end, "pad_token_id": 0}
            row = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)).long(), **told)
            written.append(row[0, len(ids) :].tolist())
    return time.perf_counter() - started, written


def by_harness(python: str, folder: Path, prompts: list[list[int]], end: int) -> tuple[float, list[list[int]]]:
    """The hf backend of lm-evaluation-harness in its own environment: the same ids, batch and end."""
    with tempfile.TemporaryDirectory() as scratch:
        asked, answered = Path(scratch) / "prompts.json", Path(scratch) / "rows.json"
        asked.write_text(json.dumps(prompts))
        command = [python, __file__, "harness", str(folder), str(asked), str(answered), str(end)]
        subprocess.run(command, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
        told = json.loads(answered.read_text())
    return told["seconds"], told["rows"]


def harness(folder: str, asked: str, answered: str, end: int) -> None:
    """generate_until of HFLM; its model's generate is timed around all requests, tokenising apart."""
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(THREADS)
    prompts = json.loads(Path(asked).read_text())
    lm = HFLM(pretrained=folder, device="cpu", batch_size=BATCH, dtype="float32")
    lm.model.generation_config.eos_token_id = end
    # The same ids whatever its tokenizer would make of a text: texts are numbers here.
    known = {str(number): ids for number, ids in enumerate(prompts)}
    rows: dict[str, list[int]] = {}

    def encode(strings: list[str], **_: Any) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(known[one]) for one in strings)
        ids = torch.tensor([[0] * (width - len(known[one])) + known[one] for one in strings])
        mask = torch.tensor([[0] * (width - len(known[one])) + [1] * len(known[one]) for one in strings])
        return ids, mask

    lm.tok_batch_encode = encode
    lm.tok_encode = lambda string, **_: known.get(string, [0])
    lm.tok_decode = lambda tokens, **_: "<end>" if isinstance(tokens, int) else " ".join(map(str, tokens))
    told = {"until": ["<never>"], "max_gen_toks": LONGEST, "do_sample": False}
    requests = [Instance("generate_until", {}, (name, dict(told)), int(name)) for name in known]
    started = time.perf_counter()
    texts = lm.generate_until(requests, disable_tqdm=True)
    seconds = time.perf_counter() - started
    for name, text in zip(known, texts, strict=True):
        rows[name] = [int(token) for token in text.split()]
    Path(answered).write_text(json.dumps({"seconds": seconds, "rows": list(rows.values())}))


def cpu(count: int, python: str | None, families: list[str]) -> None:
    """The table of docs/background/benchmarks.md; every way in turn, twice, the better time."""
    from gradus.evaluation.engines import up_to_end
    from gradus.students.tokens import load_tokens

    ways: dict[str, Callable[[Path, list[list[int]], int], tuple[float, list[list[int]]]]] = {
        "gradus": ours,
        "one prompt a call": one_by_one,
    }
    if python:
        ways["lm-evaluation-harness hf"] = lambda folder, prompts, end: by_harness(python, folder, prompts, end)
    print("| model | way | predictions/s | gradus / that | other texts |\n|---|---|---:|---:|---:|")
    for family in families:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_model(family, Path(scratch) / family)
            prompts = make_prompts(count, load_tokens(folder))
            end = frequent_end(folder, prompts)
            found = {
                name: min((way(folder, prompts, end) for _ in range(2)), key=lambda one: one[0])
                for name, way in ways.items()
            }
        base, reference = found["gradus"]
        mean = statistics.fmean(len(row) for row in reference)
        for name, (seconds, rows) in found.items():
            apart = sum(up_to_end(row, (end,)) != other for row, other in zip(rows, reference, strict=True))
            print(
                f"| {family} (mean {mean:.0f} tokens) | {name} | {count / seconds:.1f} | {seconds / base:.2f} | {apart} |",
                flush=True,
            )


def gpu(shape: str, count: int, longest: int) -> None:
    """Tokens a second of a random model of a published shape against what the memory bandwidth allows."""
    import torch

    sys.path.insert(0, str(PROJECT / "benchmarks"))
    from training import TINY, random_model

    from gradus.evaluation.engines import GenerationLimits
    from gradus.evaluation.engines.continuous import ContinuousEngine
    from gradus.evaluation.engines.stepwise import StepwiseEngine
    from gradus.students.caches import cache_kind
    from gradus.students.model_sizes import PUBLISHED

    with tempfile.TemporaryDirectory() as scratch:
        known, family = TINY.get(shape) or (PUBLISHED[shape], "bloom" if "bloom" in shape else "llama")
        folder = random_model(known, Path(scratch, "model"), family)
        rng = random.Random(1)
        prompts = [[rng.randrange(5, 200) for _ in range(rng.randrange(60, 180))] for _ in range(count)]
        memory = 60 << 30 if torch.cuda.is_available() else 1 << 28
        limits = GenerationLimits((), longest, memory_bytes=memory)
        for name, engine in (
            ("rows leaving", StepwiseEngine(folder, limits, 0, count, THREADS)),
            ("continuous", ContinuousEngine(folder, limits, 0, THREADS)),
        ):
            engine.complete(prompts[:8], [0] * 8)
            started = time.perf_counter()
            rows = engine.complete(prompts, [0] * len(prompts))
            seconds = time.perf_counter() - started
            weights = sum(one.numel() * one.element_size() for one in engine._model.parameters())
            kept = cache_kind(engine._model).token_bytes * (120 + longest // 2) * len(prompts)
            bandwidth = float(os.environ.get("GRADUS_GIB_PER_SECOND", "4470")) * 2**30
            limit = len(prompts) * bandwidth / (weights + kept)
            rate = sum(map(len, rows)) / seconds
            print(
                f"{shape} | {name} | {rate:,.0f} tokens/s | {100 * rate / limit:.0f} % of the bandwidth's {limit:,.0f}"
            )
            del engine
            torch.cuda.empty_cache()


if __name__ == "__main__":
    if sys.argv[1] == "harness":
        harness(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("what", choices=("cpu", "gpu"))
        parser.add_argument("--problems", type=int, default=1319)
        parser.add_argument("--harness", help="the Python of an environment with lm-eval")
        parser.add_argument("--family", action="append", choices=("llama", "bloom"))
        parser.add_argument("--prompts", type=int, default=512)
        parser.add_argument("--longest", type=int, default=250)
        parser.add_argument("--shape", default="meta-llama/Llama-3.2-1B")
        given = parser.parse_args()
        if given.what == "cpu":
            cpu(given.problems, given.harness, given.family or ["llama", "bloom"])
        else:
            gpu(given.shape, given.prompts, given.longest)
