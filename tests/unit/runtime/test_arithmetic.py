"""What decides the last bits: found where the system tells it, never by loading anything."""

import sys
from pathlib import Path
from typing import Any

import pytest

from gradus.runtime.arithmetic import arithmetic, processor
from gradus.runtime.jsonl import read_json
from gradus.runtime.program import RunRecord

INTEL = "processor\t: 0\nmodel name\t: Some Xeon\nflags\t\t: fpu avx512f fma avx2 avx vme\n\nprocessor\t: 1\nflags\t\t: sve\n"
ARM = "processor\t: 0\nBogoMIPS\t: 50\nFeatures\t: fp asimd sve\n"


def test_the_instruction_sets_of_the_first_processor(tmp_path: Path) -> None:
    (tmp_path / "intel").write_text(INTEL, encoding="utf-8")
    (tmp_path / "arm").write_text(ARM, encoding="utf-8")
    assert processor(tmp_path / "intel") == ("Some Xeon", ["avx", "avx2", "avx512f", "fma"])
    assert processor(tmp_path / "arm")[1] == ["asimd", "sve"]
    assert processor(tmp_path / "absent")[1] == []


def test_variables_that_choose_and_what_torch_chose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    RunRecord().write(tmp_path / "x.run.json", rows=3)
    record: dict[str, Any] = read_json(tmp_path / "x.run.json")
    found = record["arithmetic"]
    assert found["variables"]["ATEN_CPU_CAPABILITY"] == "avx2"
    assert found["torch"]["capability"] == torch.backends.cpu.get_cpu_capability()
    assert found["torch"]["threads"] == torch.get_num_threads()
    monkeypatch.delitem(sys.modules, "torch")
    assert "torch" not in arithmetic() and "torch" not in sys.modules
