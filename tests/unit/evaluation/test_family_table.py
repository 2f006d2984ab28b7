"""The table of families holds: what it says of an architecture is measured again; a dozen here, all with `make test-full`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from gradus.evaluation import families
from gradus.students.architectures import ARCHITECTURES, CONVOLUTION, FULL, SLIDING, STATE

PROJECT = Path(__file__).resolve().parents[3]
TABLE = json.loads((PROJECT / "docs/reference/families.json").read_text(encoding="utf-8"))
DOZEN = (
    "llama",
    "mistral",
    "qwen3_moe",
    "gemma2",
    "gpt2",
    "bloom",
    "mpt",
    "gpt_oss",
    "lfm2",
    "mamba2",
    "falcon_h1",
    "deepseek_v3",
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A second one only waits in models as small as these."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "name", [name if name in DOZEN else pytest.param(name, marks=pytest.mark.full) for name in ARCHITECTURES]
)
def test_the_table_says_what_is_measured(name: str) -> None:
    assert families.try_out(name) == TABLE[name]


def test_the_dozen_covers_every_answer_and_every_kind_of_cache() -> None:
    assert set(TABLE) == set(ARCHITECTURES) and len(ARCHITECTURES) >= 36
    assert {ARCHITECTURES[name].keeps for name in DOZEN} == {FULL, SLIDING, CONVOLUTION, STATE}
    for column in families.COLUMNS:
        assert {TABLE[name][column] for name in DOZEN} == {TABLE[name][column] for name in TABLE}, column


def test_every_family_trains_and_generates() -> None:
    assert all(columns[one] for columns in TABLE.values() for one in ("train", "generate", "beams"))


def test_the_page_has_the_table() -> None:
    page = (PROJECT / "docs/reference/students.md").read_text(encoding="utf-8")
    assert families.table(TABLE) in page
