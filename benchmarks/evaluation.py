"""Predictions per second, beside the paper's way and lm-evaluation-harness.

python benchmarks/evaluation.py cpu [--problems 1319] [--harness PYTHON]  tiny BLOOM and tiny Llama over GSM8K-like prompts
python benchmarks/evaluation.py cpu --model models/smollm2-135m [--gguf FILE --llama PYTHON]  a real student on problems of SVAMP
python benchmarks/evaluation.py harness FOLDER LOAD OUTPUT                (started by the former, in the harness's environment)
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
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "scripts"), str(PROJECT / "tests")]
THREADS = 2


@dataclass(frozen=True)
class Load:
    """What everybody does: prompts as ids, the token that ends a text, the most new tokens, rows of a batch."""

    prompts: list[list[int]]
    end: int
    longest: int = 256
    batch: int = 256


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

    longest = Load([], 0).longest
    rows = StepwiseEngine(folder, GenerationLimits((), longest), 0, 256, THREADS).complete(prompts[:64], [0] * 64)
    firsts: Counter[int] = Counter()
    for token in {token for row in rows for token in row}:
        positions = [row.index(token) if token in row else longest for row in rows]
        firsts[token] = -abs(round(statistics.fmean(positions)) - longest // 3)
    return firsts.most_common(1)[0][0]


def batches(load: Load) -> list[list[int]]:
    """Positions of prompts of similar length."""
    order = sorted(range(len(load.prompts)), key=lambda index: len(load.prompts[index]))
    return [order[start : start + load.batch] for start in range(0, len(order), load.batch)]


def ours(folder: Path, load: Load) -> tuple[float, list[list[int]]]:
    """Batches of similar length, rows leaving as they end."""
    from gradus.evaluation.engines import GenerationLimits
    from gradus.evaluation.engines.stepwise import StepwiseEngine

    engine = StepwiseEngine(folder, GenerationLimits((load.end,), load.longest), 0, load.batch, THREADS)
    written: list[list[int]] = [[] for _ in load.prompts]
    started = time.perf_counter()
    for batch in batches(load):
        rows = engine.complete([load.prompts[index] for index in batch], [0] * len(batch))
        for index, row in zip(batch, rows, strict=True):
            written[index] = row
    return time.perf_counter() - started, written


def by_generate(folder: Path, load: Load) -> tuple[float, list[list[int]]]:
    """transformers' generate for batches of similar length, padded on the left; `batch` 1 is the paper's way."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(THREADS)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
    told = {"max_new_tokens": load.longest, "do_sample": False, "eos_token_id": load.end, "pad_token_id": load.end}
    written: list[list[int]] = [[] for _ in load.prompts]
    started = time.perf_counter()
    with torch.inference_mode():
        for batch in batches(load):
            width = max(len(load.prompts[index]) for index in batch)
            short = [width - len(load.prompts[index]) for index in batch]
            ids = [[load.end] * less + load.prompts[index] for less, index in zip(short, batch, strict=True)]
            mask = [[0] * less + [1] * (width - less) for less in short]
            rows = model.generate(torch.tensor(ids), attention_mask=torch.tensor(mask), **told)
            for index, row in zip(batch, rows, strict=True):
                written[index] = row[width:].tolist()
    return time.perf_counter() - started, written


def one_by_one(folder: Path, load: Load) -> tuple[float, list[list[int]]]:
    """The paper's way: a call of generate for every prompt."""
    return by_generate(folder, replace(load, batch=1))


def by_harness(python: str, folder: Path, load: Load) -> tuple[float, list[list[int]]]:
    """The hf backend of lm-evaluation-harness in its own environment: the same ids, batch and end."""
    with tempfile.TemporaryDirectory() as scratch:
        asked, answered = Path(scratch) / "load.json", Path(scratch) / "rows.json"
        asked.write_text(json.dumps(asdict(load)))
        command = [python, __file__, "harness", str(folder), str(asked), str(answered)]
        subprocess.run(command, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
        found = json.loads(answered.read_text())
    return found["seconds"], found["rows"]


def harness(folder: str, asked: str, answered: str) -> None:
    """generate_until of HFLM; its model's generate is timed around all requests, tokenising apart."""
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(THREADS)
    load = Load(**json.loads(Path(asked).read_text()))
    lm = HFLM(pretrained=folder, device="cpu", batch_size=load.batch, dtype="auto")
    lm.model.generation_config.eos_token_id = load.end
    # The same ids whatever its tokenizer would make of a text: texts are numbers here.
    known = {str(number): ids for number, ids in enumerate(load.prompts)}
    rows: dict[str, list[int]] = {}

    def encode(strings: list[str], **_: Any) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(known[one]) for one in strings)
        ids = torch.tensor([[0] * (width - len(known[one])) + known[one] for one in strings])
        mask = torch.tensor([[0] * (width - len(known[one])) + [1] * len(known[one]) for one in strings])
        return ids, mask

    lm.tok_batch_encode = encode
    lm.tok_encode = lambda string, **_: known.get(string, [0])
    lm.tok_decode = lambda tokens, **_: "<end>" if isinstance(tokens, int) else " ".join(map(str, tokens))
    told = {"until": ["<never>"], "max_gen_toks": load.longest, "do_sample": False}
    requests = [Instance("generate_until", {}, (name, dict(told)), int(name)) for name in known]
    started = time.perf_counter()
    texts = lm.generate_until(requests, disable_tqdm=True)
    seconds = time.perf_counter() - started
    for name, text in zip(known, texts, strict=True):
        rows[name] = [int(token) for token in text.split()]
    Path(answered).write_text(json.dumps({"seconds": seconds, "rows": list(rows.values())}))


def by_llama(python: str, gguf: Path, load: Load) -> tuple[float, list[list[int]]]:
    """llama.cpp on the quantised file that the student was imported from, one prompt after another, in its own environment."""
    with tempfile.TemporaryDirectory() as scratch:
        asked, answered = Path(scratch) / "load.json", Path(scratch) / "rows.json"
        asked.write_text(json.dumps(asdict(load)))
        subprocess.run([python, __file__, "llama", str(gguf), str(asked), str(answered)], check=True)
        found = json.loads(answered.read_text())
    return found["seconds"], found["rows"]


def llama(gguf: str, asked: str, answered: str) -> None:
    """Greedy texts of llama-cpp-python on ids; loading is not counted."""
    from llama_cpp import Llama, llama_cpp

    # Its matrix extension ends version 0.3.36 in a segmentation fault; the class has no option for it.
    usual = llama_cpp.llama_model_default_params

    def without_extra_buffers() -> Any:
        found = usual()
        found.use_extra_bufts = False
        return found

    llama_cpp.llama_model_default_params = without_extra_buffers
    load = Load(**json.loads(Path(asked).read_text()))
    width = max(map(len, load.prompts)) + load.longest
    model = Llama(gguf, n_ctx=width, n_threads=THREADS, n_threads_batch=THREADS, verbose=False)
    rows = []
    started = time.perf_counter()
    for ids in load.prompts:
        row: list[int] = []
        model.reset()
        for token in model.generate(ids, temp=0.0, repeat_penalty=1.0):
            row.append(token)
            if token == load.end or len(row) == load.longest:
                break
        rows.append(row)
    seconds = time.perf_counter() - started
    Path(answered).write_text(json.dumps({"seconds": seconds, "rows": rows}))


Way = Callable[[Path, Load], tuple[float, list[list[int]]]]


def compare(name: str, folder: Path, load: Load, ways: dict[str, Way], turns: int) -> None:
    """A table's rows: every way in turn, the better time of each."""
    from gradus.evaluation.engines import up_to_end

    base, reference = 0.0, list[list[int]]()
    for way, run in ways.items():
        seconds, rows = min((run(folder, load) for _ in range(turns)), key=lambda one: one[0])
        if not reference:  # the first way is ours
            base, reference = seconds, rows
        mean = statistics.fmean(map(len, reference))
        apart = sum(up_to_end(row, (load.end,)) != other for row, other in zip(rows, reference, strict=True))
        rate = len(load.prompts) / seconds
        print(f"| {name} (mean {mean:.0f} tokens) | {way} | {rate:.2f} | {seconds / base:.2f} | {apart} |", flush=True)


HEAD = "| model | way | predictions/s | gradus / that | other texts |\n|---|---|---:|---:|---:|"


def cpu(count: int, python: str | None, families: list[str]) -> None:
    """Tiny random models, the table of docs/background/benchmarks.md."""
    from gradus.students.tokens import load_tokens

    ways: dict[str, Way] = {"gradus": ours, "one prompt a call": one_by_one}
    if python:
        ways["lm-evaluation-harness hf"] = lambda folder, load: by_harness(python, folder, load)
    print(HEAD)
    for family in families:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_model(family, Path(scratch) / family)
            prompts = make_prompts(count, load_tokens(folder))
            compare(family, folder, Load(prompts, frequent_end(folder, prompts)), ways, 2)


def pretrained(
    folder: Path, data: Path, count: int, batch: int, python: str | None, gguf: Path | None, lcpp: str | None
) -> None:
    """A real student with its chat template on test problems of SVAMP, at most 128 new tokens, one turn."""
    from gradus.data.datasets.sources import load_problems
    from gradus.students.templates import resolve_template
    from gradus.students.tokens import load_tokens
    from gradus.study.config.datasets import CatalogueDataset

    tokens = load_tokens(folder)
    template = resolve_template("chat", tokens, folder)
    section = CatalogueDataset.model_validate({"source": "svamp", "origin": "files"})
    problems = load_problems("svamp", section, "test", data).problems[:count]
    prompts = [tokens.encode(template.prompt(problem)) for problem in problems]
    load = Load(prompts, template.end_id(tokens), longest=128, batch=batch)
    ways: dict[str, Way] = {"gradus": ours, "generate in batches": by_generate}
    if python:
        ways["lm-evaluation-harness hf"] = lambda folder, load: by_harness(python, folder, load)
    if gguf and lcpp:
        ways["llama.cpp, 4 bits, one prompt at a time"] = lambda _, load: by_llama(lcpp, gguf, load)
    print(HEAD)
    compare(folder.name, folder, load, ways, 1)


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
    if sys.argv[1] in ("harness", "llama"):
        {"harness": harness, "llama": llama}[sys.argv[1]](*sys.argv[2:5])
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("what", choices=("cpu", "gpu"))
        parser.add_argument("--problems", type=int, default=1319)
        parser.add_argument("--harness", help="the Python of an environment with lm-eval")
        parser.add_argument("--model", type=Path, help="cpu: a model's folder, instead of tiny random ones")
        parser.add_argument("--data", type=Path, default=os.environ.get("GRADUS_DATA"), help="the folder of real data")
        parser.add_argument("--batch", type=int, default=256, help="with --model: rows of everybody's batches")
        parser.add_argument("--gguf", type=Path, help="the quantised file of that model")
        parser.add_argument("--llama", help="the Python of an environment with llama-cpp-python")
        parser.add_argument("--family", action="append", choices=("llama", "bloom"))
        parser.add_argument("--prompts", type=int, default=512)
        parser.add_argument("--longest", type=int, default=250)
        parser.add_argument("--shape", default="meta-llama/Llama-3.2-1B")
        given = parser.parse_args()
        if given.what == "cpu" and given.model:
            pretrained(
                given.model,
                Path(given.data),
                given.problems,
                given.batch,
                given.harness,
                given.gguf,
                given.llama,
            )
        elif given.what == "cpu":
            cpu(given.problems, given.harness, given.family or ["llama", "bloom"])
        else:
            gpu(given.shape, given.prompts, given.longest)
