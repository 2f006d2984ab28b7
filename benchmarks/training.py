"""Measure fine-tuning: against other trainers, what a cell costs beyond its steps, and how much of a GPU is used.

python benchmarks/training.py cpu --data FOLDER --peer trl=PYTHON --peer llamafactory=PYTHON
python benchmarks/training.py cpu --model models/smollm2-135m --steps 5 --turns 1 --peer trl=PYTHON --peer trl-padding-free=PYTHON
python benchmarks/training.py overhead
python benchmarks/training.py gpu --shape meta-llama/Llama-3.2-1B --layout padding-free --layout budgeted
python benchmarks/training.py memory

All trainers get the same model, the same samples in the same order and the same samples per step. `gpu` runs on a CPU as
well (`--shape tiny`), which is how it is tested. A GPU needs nothing but the training environment.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "scripts"))

from gradus.students import tiny_models  # noqa: E402
from gradus.students.model_sizes import PUBLISHED, Shape  # noqa: E402
from gradus.students.templates import resolve_template  # noqa: E402
from gradus.students.tokens import load_tokens  # noqa: E402
from gradus.students.training.launch import TrainingRequest, launch  # noqa: E402
from gradus.study.config.students import Recipe  # noqa: E402

WARM_UP_STEPS = 4  # not counted, for anybody


def measured(ends: list[float], samples: int, warm_up: int = WARM_UP_STEPS) -> float:
    """Samples a second after the first steps."""
    return samples * (len(ends) - warm_up) / (ends[-1] - ends[warm_up - 1])


def ours(load: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """This project's trainer on a load."""
    recipe = Recipe.model_validate(
        {
            "learning_rate": load["learning_rate"],
            "epochs": 1.0,
            "batch_size": load["batch_size"],
            "warmup_share": 0.0,
            "precision": load["precision"],
            "zero_stage": 1,
            "save_every": 10**6,
            "micro_batch_samples": load["micro_batch_samples"],
            **changes,
        }
    )
    request = TrainingRequest(
        title="benchmark",
        base=Path(load["model"]),
        tokens=load["tokens"],
        prompt_lengths=load["prompt_lengths"],
        answer_starts=load["prompt_lengths"],
        recipe=recipe,
        seed=load["seed"],
        pad_id=load["pad_id"],
        end_ids=[load["end_id"]],
        identity={"benchmark": changes},
    )
    os.environ["OMP_NUM_THREADS"] = str(load["threads"])
    with tempfile.TemporaryDirectory() as work:
        trained = launch(request, Path(work))
        points = [json.loads(line) for line in trained.trace.read_text(encoding="utf-8").splitlines()]
    ends, clock = [], 0.0
    for point in points:
        clock += point["seconds"]
        ends.append(clock)
    counted = points[WARM_UP_STEPS:]
    return {
        "ends": ends,
        "losses": [point["loss"] for point in points],
        "tokens_per_second": sum(point["tokens"] for point in counted) / sum(point["seconds"] for point in counted),
        "padding": statistics.fmean(point["padding_share"] for point in points),
        "mfu": None if counted[0]["mfu"] is None else statistics.median(point["mfu"] for point in counted),
        "peak_memory_bytes": max(point["peak_memory_bytes"] for point in points),
        "phases": trained.seconds,
    }


def peer(name: str, python: str, load: dict[str, Any]) -> dict[str, Any]:
    """Another trainer on the same load."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(load, file)
        file.flush()
        command = [python, str(PROJECT / "benchmarks" / "training_peers.py"), name, file.name]
        environment = {**os.environ, "OMP_NUM_THREADS": str(load["threads"]), "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def make_load(model: Path, pairs: list[tuple[str, str]], template_name: str, **settings: Any) -> dict[str, Any]:
    """Texts as tokens, in an order that makes our first epoch sequential for everybody."""
    tokens = load_tokens(model)
    template = resolve_template(template_name, tokens, model)
    seed, size = 1, settings["batch_size"]
    pairs = pairs[: len(pairs) // size * size]
    order = list(range(len(pairs)))
    random.Random(f"order/{seed}/0").shuffle(order)  # the permutation of gradus.students.training.batches
    texts, ids, lengths = [], [], []
    for question, rationale in pairs:
        prompt, completion = f"{template.before}{question}{template.after}", f"{template.lead}{rationale}"
        texts.append((prompt, completion))
        lengths.append(len(tokens.encode(prompt)))
        ids.append([*tokens.encode(prompt), *tokens.encode(completion), template.end_id(tokens)])
    load = {"model": str(model), "seed": seed, "pad_id": tokens.pad_id, "end_id": template.end_id(tokens), **settings}
    ours_first = {"tokens": ids, "prompt_lengths": lengths, "texts": texts}
    sequential = {key: [values[index] for index in order] for key, values in ours_first.items()}
    return {**load, "ours": ours_first, "theirs": sequential}


def side(load: dict[str, Any], which: str) -> dict[str, Any]:
    return {**{key: value for key, value in load.items() if key not in ("ours", "theirs")}, **load[which]}


def svamp(data: Path, level: int) -> list[tuple[str, str]]:
    """The released GPT-4o texts of a level."""
    path = data / "released_annotations" / "svamp" / f"SVAMP_ChatGPT_level{level}_ranked.json"
    return [(row["instruction"], row["output"]) for row in json.loads(path.read_text(encoding="utf-8"))]


def cpu(data: Path, peers: dict[str, str], turns: int) -> None:
    """Samples a second of tiny models on real texts, all trainers in turn, and the loss of each step."""
    with tempfile.TemporaryDirectory() as folder:
        for family in ("llama", "bloom"):
            wide = {"hidden_size": 128} | ({"intermediate_size": 512} if family == "llama" else {})
            model = tiny_models.make(family, Path(folder, family), **wide)
            for level in (1, 6):
                load = make_load(
                    model,
                    svamp(data, level),
                    "plain",
                    batch_size=16,
                    micro_batch_samples=8,
                    learning_rate=1e-3,
                    precision="fp32",
                    threads=os.cpu_count() or 1,
                )
                runs: dict[str, list[dict[str, Any]]] = {}
                for _ in range(turns):
                    changes = {"micro_batch_tokens": 2048}
                    runs.setdefault("gradus", []).append(ours(side(load, "ours"), changes))
                    for name, python in peers.items():
                        runs.setdefault(name, []).append(peer(name, python, side(load, "theirs")))
                tell(f"{family} SVAMP L{level}", runs, load["batch_size"])


def pretrained(model: Path, data: Path, peers: dict[str, str], turns: int, steps: int, levels: list[int]) -> None:
    """A real student on real texts, its chat template and the first ``steps`` steps of 16 samples; the first is not counted."""
    for level in levels:
        load = make_load(
            model,
            svamp(data, level)[: 16 * steps],
            "chat",
            batch_size=16,
            micro_batch_samples=8,
            learning_rate=2e-5,
            precision="fp32",
            threads=os.cpu_count() or 1,
        )
        runs: dict[str, list[dict[str, Any]]] = {}
        for _ in range(turns):
            runs.setdefault("gradus", []).append(ours(side(load, "ours"), {"micro_batch_tokens": 2048}))
            changes = {"micro_batch_tokens": 2048, "layout": "padding-free"}
            runs.setdefault("gradus padding-free", []).append(ours(side(load, "ours"), changes))
            for name, python in peers.items():
                runs.setdefault(name, []).append(peer(name, python, side(load, "theirs")))
        tell(f"{model.name} SVAMP L{level}", runs, load["batch_size"], warm_up=1)


def tell(title: str, runs: dict[str, list[dict[str, Any]]], batch_size: int, warm_up: int = WARM_UP_STEPS) -> None:
    base = statistics.median(measured(run["ends"], batch_size, warm_up) for run in runs["gradus"])
    reference = runs["gradus"][0]["losses"]
    for name, found in runs.items():
        speed = statistics.median(measured(run["ends"], batch_size, warm_up) for run in found)
        losses = found[0]["losses"]
        same = min(len(losses), len(reference))
        apart = max(abs(a - b) / b for a, b in zip(losses[:same], reference[:same], strict=True))
        print(
            f"{title} | {name} | {speed:.1f} samples/s | gradus is {base / speed:.2f}x | "
            f"loss {losses[0]:.4f} -> {losses[same - 1]:.4f}, at most {apart:.1e} apart | "
            f"peak {max(run['peak_memory_bytes'] for run in found) / 2**30:.2f} GiB",
            flush=True,
        )
        if "padding" in found[0]:
            print(f"{title} | {name} | padding {found[0]['padding']:.1%}", flush=True)


def overhead(turns: int) -> None:
    """Where a cell's time goes beside its steps."""
    with tempfile.TemporaryDirectory() as folder:
        model = tiny_models.make("llama", Path(folder, "llama"), hidden_size=64)
        load = make_load(
            model,
            [("How many?", "3 + 4 = 7.")] * 64,
            "plain",
            batch_size=8,
            micro_batch_samples=8,
            learning_rate=1e-3,
            precision="fp32",
            threads=1,
        )
        runs = [ours(side(load, "ours"), {"ranks": 2, "zero_stage": 2}) for _ in range(turns)]
    for phase in runs[0]["phases"]:
        values = [run["phases"][phase] for run in runs]
        print(f"{phase} | {statistics.median(values):.2f} s (least {min(values):.2f}, most {max(values):.2f})")
    fixed = [sum(value for phase, value in run["phases"].items() if phase != "other_steps") for run in runs]
    print(f"fixed, with the first step | {statistics.median(fixed):.2f} s (most {max(fixed):.2f})")


def random_model(shape: Shape, folder: Path, family: str) -> Path:
    """A model of a published shape with random bf16 weights, and a tokenizer of its kind (its ids all lie in the table)."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    made = tiny_models.make(family, folder)
    config = AutoConfig.from_pretrained(made)
    config.vocab_size, config.hidden_size = shape.vocabulary, shape.hidden
    if family == "bloom":
        config.n_layer, config.n_head = shape.layers, shape.heads
    else:
        config.intermediate_size, config.num_hidden_layers = shape.feed_forward, shape.layers
        config.num_attention_heads, config.num_key_value_heads = shape.heads, shape.key_heads
        config.head_dim, config.max_position_embeddings = shape.head_width, 4096
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    del model
    return made


TINY = {
    "tiny-llama": (Shape(800, 32, 2, 64, 4, 8, 2), "llama"),
    "tiny-bloom": (Shape(800, 32, 2, 128, 4, 8, 4, gated=False, biased=True), "bloom"),
}


def gpu(names: list[str], layouts: list[str], steps: int, batch: int, budget: int, attention: str | None) -> None:
    """Tokens a second and MFU in bf16, sample lengths drawn as SVAMP's and GSM8K's are; beside padded Trainer."""
    draw = random.Random(0)
    for name in names:
        shape, family = TINY.get(name) or (
            PUBLISHED[name],
            "bloom" if "bloom" in name else name.split("/")[1][:5].lower(),
        )
        with tempfile.TemporaryDirectory() as folder:
            model = random_model(shape, Path(folder, "model"), family)
            tokens, prompts = [], []
            for _ in range(batch * steps):
                # Prompt and rationale lengths, log-normal: medians 60 and 110, as GSM8K has them with the paper's L3.
                prompt = min(400, max(12, round(60 * draw.lognormvariate(0, 0.4))))
                rationale = min(800, max(8, round(110 * draw.lognormvariate(0, 0.5))))
                tokens.append([draw.randrange(10, 700) for _ in range(prompt + rationale)])
                prompts.append(prompt)
            load = {
                "model": str(model),
                "seed": 1,
                "pad_id": 0,
                "end_id": 1,
                "tokens": tokens,
                "prompt_lengths": prompts,
                "batch_size": batch,
                "micro_batch_samples": 8,
                "learning_rate": 1e-5,
                "precision": "bf16",
                "threads": os.cpu_count() or 1,
            }
            for layout in layouts:
                changes = {"layout": layout, "micro_batch_tokens": budget, "attention": attention, "lm_head": "auto"}
                found = ours(load, changes)
                mfu = "unknown" if found["mfu"] is None else f"{found['mfu']:.1%}"
                print(
                    f"{name} | gradus {layout} | {found['tokens_per_second']:.0f} tokens/s | MFU {mfu} | "
                    f"padding {found['padding']:.1%} | {found['peak_memory_bytes'] / 2**30:.1f} GiB | {found['phases']}",
                    flush=True,
                )
            other = peer("trainer", sys.executable, load)
            seconds = other["ends"][-1] - other["ends"][WARM_UP_STEPS - 1]
            counted = sum(map(len, tokens[batch * WARM_UP_STEPS :]))
            memory = other["peak_memory_bytes"] / 2**30
            print(
                f"{name} | transformers Trainer, padded | {counted / seconds:.0f} tokens/s | {memory:.1f} GiB",
                flush=True,
            )


def memory() -> None:
    """Peak memory of a loss over a vocabulary of 250,880, whole logits and chunks, each in a process of its own."""
    for chunked in (False, True):
        code = (
            "import resource, torch, sys\n"
            "from gradus.students.training.objective import Objective\n"
            "from gradus.students.training.inputs import make_inputs\n"
            "from transformers import BloomConfig, BloomForCausalLM\n"
            "torch.manual_seed(0)\n"
            "model = BloomForCausalLM(BloomConfig(vocab_size=250880, hidden_size=64, n_layer=1, n_head=4))\n"
            "rows = [list(range(200))] * 8\n"
            "inputs = make_inputs(range(8), rows, [60] * 8, pad_id=0, end_id=1, flat=False)\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            f"loss = Objective(model, chunked={chunked})(inputs); loss.weighted.backward()\n"
            "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20, float(loss.weighted))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT / "scripts")},
            check=True,
        )
        gigabytes, loss = map(float, done.stdout.split())
        print(f"1,600 places, {'chunked' if chunked else 'whole'} | {gigabytes:.2f} GiB | loss {loss:.1f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["cpu", "overhead", "gpu", "memory"])
    options.add_argument(
        "--data", type=Path, default=os.environ.get("GRADUS_DATA"), help="folder of released annotations"
    )
    options.add_argument("--peer", action="append", default=[], help="NAME=PYTHON of another trainer's environment")
    options.add_argument("--model", type=Path, help="cpu: a model's folder, instead of tiny random ones")
    options.add_argument("--level", type=int, action="append", help="cpu with --model: levels of the texts, 1, 3 and 6")
    options.add_argument("--turns", type=int, default=3)
    options.add_argument("--shape", action="append", help=f"one of {', '.join([*PUBLISHED, *TINY])}")
    options.add_argument("--layout", action="append", help="layouts to measure")
    options.add_argument("--steps", type=int, default=20)
    options.add_argument("--batch", type=int, default=64, help="samples of a step")
    options.add_argument("--budget", type=int, default=16_384, help="micro_batch_tokens")
    options.add_argument("--attention", help="attention implementation")
    given = options.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    if given.what == "cpu":
        if not given.data:
            raise SystemExit("set GRADUS_DATA or give --data: the released annotations are not here")
        peers = dict(one.split("=", 1) for one in given.peer)
        if given.model:
            pretrained(given.model, Path(given.data), peers, given.turns, given.steps, given.level or [1, 3, 6])
        else:
            cpu(Path(given.data), peers, given.turns)
    elif given.what == "overhead":
        overhead(given.turns)
    elif given.what == "gpu":
        shapes = given.shape or ["meta-llama/Llama-3.2-1B"]
        gpu(
            shapes,
            given.layout or ["padding-free", "budgeted"],
            given.steps,
            given.batch,
            given.budget,
            given.attention,
        )
    else:
        memory()


if __name__ == "__main__":
    main()
