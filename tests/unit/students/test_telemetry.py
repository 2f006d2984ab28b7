"""Rates, shares and counters of a training's machine."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from gradus.students import tiny_models
from gradus.students.model_sizes import Work
from gradus.students.training.telemetry import Board, Meter, peak_flops, speed, split, work_of


def test_useful_operations_are_counted_by_hand() -> None:
    work = Work(body=100, head=10, layers=2, width=4, passes=3)
    # Two samples of 3 and 5 tokens, 4 targets: 2 per weight, and causal attention of 2 * layers * width * length².
    assert work.flops([3, 5], 4) == 3 * (2 * (100 * 8 + 10 * 4) + 2 * 2 * 4 * (9 + 25))
    assert Work(100, 10, 2, 4, passes=2).flops([3, 5], 4) == work.flops([3, 5], 4) / 3 * 2


def test_operations_agree_with_what_torch_counts(tmp_path: Path) -> None:
    """Against torch's own counter: a forward and backward pass of a tiny Llama, attention written out."""
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import AutoModelForCausalLM

    folder = tiny_models.make("llama", tmp_path, hidden_size=64, intermediate_size=256)
    model = AutoModelForCausalLM.from_pretrained(str(folder), attn_implementation="eager")
    ids = torch.randint(6, 400, (1, 64))
    with FlopCounterMode(display=False) as counter:
        model(ids, use_cache=False).logits.sum().backward()
    # torch multiplies the whole square of attention, of which a causal model needs half.
    work = work_of(model, frozen=False)
    causal_half = 3 * 2 * work.layers * work.width * 64 * 64
    assert work.flops([64], 64) + causal_half == pytest.approx(counter.get_total_flops(), rel=0.02)


def test_the_text_part_of_a_model_that_sees_pictures_is_what_works() -> None:
    """Gemma 3 from 4B on: the numbers of its configuration are those of a part of it."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    text |= {"num_key_value_heads": 2, "head_dim": 16, "vocab_size": 300}
    seen = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    with torch.device("meta"):
        config = Gemma3Config(text_config=text, vision_config=seen | {"image_size": 28, "patch_size": 14})
        work = work_of(Gemma3ForConditionalGeneration(config), frozen=False)
    assert (work.layers, work.width, work.head) == (2, 64, 300 * 32)


def test_adapters_need_no_gradient_of_the_weights(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(str(tiny_models.make("bloom", tmp_path)))
    whole = work_of(model, frozen=False)
    assert work_of(model, frozen=True).flops([9], 9) == whole.flops([9], 9) * 2 / 3
    assert whole.body + whole.head == sum(parameter.numel() for parameter in model.parameters())


def test_peak_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADUS_PEAK_TFLOPS", raising=False)
    assert peak_flops("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_flops("cpu") is None
    monkeypatch.setenv("GRADUS_PEAK_TFLOPS", "0.5")
    assert peak_flops("cpu") == 0.5e12


def test_speed_is_over_all_ranks() -> None:
    facts = speed(2.0, tokens=1000, samples=8, flops=4e9, peak=1e10, ranks=2)
    assert facts == {"seconds": 2.0, "tokens_per_second": 500.0, "samples_per_second": 4.0, "mfu": 0.1}
    assert speed(2.0, 1000, 8, 4e9, None, 2)["mfu"] is None


def test_energy_is_read_where_there_is_a_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([5_000, 7_500, 7_600, 9_100])
    fake = types.SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: next(readings),
    )
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    meter = Meter(torch.device("cpu"))
    assert meter.energy() == pytest.approx(0.1)  # from 7,500 to 7,600 mJ
    assert meter.energy() == pytest.approx(1.5)


def test_without_a_counter_there_is_no_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    meter = Meter(torch.device("cpu"))
    assert meter.energy() is None
    assert meter.peak_memory() > 10_000_000


def test_tensorboard_gets_the_numbers_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written: list[tuple[str, float, int]] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            assert folder == str(tmp_path / "cell")

        def add_scalar(self, *entry: Any) -> None:
            written.append(entry)

        def close(self) -> None:
            written.append(("closed", 0, 0))

    monkeypatch.setenv("GRADUS_TENSORBOARD", str(tmp_path))
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", types.SimpleNamespace(SummaryWriter=Writer))
    board = Board("cell")
    board.write(3, {"step": 3, "loss": 1.5, "mfu": None})
    board.close()
    assert written == [("loss", 1.5, 3), ("closed", 0, 0)]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert Board("cell").missing
    monkeypatch.delenv("GRADUS_TENSORBOARD")
    assert not Board("cell").missing


def test_what_was_computed_and_how_it_ran_are_told_apart() -> None:
    point = {"step": 1, "loss": 2.0, "seconds": 0.5, "mfu": None}
    assert split(point) == ({"step": 1, "loss": 2.0}, {"step": 1, "seconds": 0.5, "mfu": None})
