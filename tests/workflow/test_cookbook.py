"""The how-to pages, run as they stand: every block of commands in its order, in a clone, against the practice teacher."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from documents import COOKBOOK
from running import HANG_LIMIT, PROJECT, copy_project

HOWTO = PROJECT / "docs" / "howto"
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_pages_are_run_in_the_order_of_their_index() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (HOWTO / "index.md").read_text(encoding="utf-8"))
    assert tuple(listed[: len(COOKBOOK)]) == COOKBOOK
    assert sorted(listed) == sorted(path.stem for path in HOWTO.glob("*.md") if path.stem != "index")


@dataclass
class Practice:
    """The practice teacher in a process of its own."""

    base_url: str

    def answered(self) -> int:
        with urllib.request.urlopen(self.base_url.removesuffix("/v1"), timeout=30) as answer:
            return int(json.loads(answer.read())["answered"])


@pytest.fixture
def practice() -> Iterator[Practice]:
    command = [sys.executable, "-u", str(PROJECT / "scripts" / "practice_teacher.py"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.readline() + process.stdout.readline()
    found = re.search(r"base_url: (\S+/v1)", said)
    assert found and "no language model" in said, said
    yield Practice(found[1])
    process.terminate()
    assert "answers given" in process.communicate(timeout=60)[0]


class Clone:
    """A clone of the project whose own study asks the practice teacher, without a key; it keeps what its commands said."""

    def __init__(self, folder: Path, practice: Practice) -> None:
        self.folder = folder
        self.said: dict[str, str] = {}
        copy_project(folder)
        shutil.copytree(PROJECT / "studies", folder / "studies")
        example = folder / "studies" / "example-own.yaml"
        own = example.read_text(encoding="utf-8")
        assert own.count("http://127.0.0.1:8000/v1") == 2
        example.write_text(own.replace("http://127.0.0.1:8000/v1", practice.base_url), encoding="utf-8")
        drop = {"OPENAI_API_KEY", "GRADUS", "GRADUS_JOURNAL", "GRADUS_WORK", "PYTHONPATH", "GRADUS_DATA"}
        self._environment = {key: value for key, value in os.environ.items() if key not in drop}
        self._environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), self._environment["PATH"]])

    def run(self, block: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=HANG_LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{(done.stdout + done.stderr)[-5000:]}"
        return done.stdout + done.stderr

    def follow(self, pages: Sequence[str]) -> int:
        """Run every block of the pages; returns their number."""
        blocks = [
            block for page in pages for block in BLOCK.findall((HOWTO / f"{page}.md").read_text(encoding="utf-8"))
        ]
        self.said |= {block: self.run(block) for block in blocks}
        return len(blocks)

    def about(self, text: str) -> str:
        return next(output for block, output in self.said.items() if text in block)

    def cells(self) -> int:
        return len(list((self.folder / "results/mine/metrics").rglob("greedy.json")))


def test_the_first_pages_work(practice: Practice, tmp_path: Path) -> None:
    """From made-up data to a report, and one cell again; the whole book is run under ``full`` (a quarter of an hour)."""
    clone = Clone(tmp_path / "clone", practice)
    assert clone.follow(COOKBOOK[:2]) == 6
    assert clone.cells() == 1 + 1 + 2  # untaught, answer only, two levels
    assert 2 * 24 <= practice.answered() <= 2 * 24 + 2


@pytest.mark.full
def test_every_command_of_the_cookbook_works(practice: Practice, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "clone", practice)
    assert clone.follow(COOKBOOK) == 15
    assert clone.cells() == 1 + 1 + 3 + 3  # untaught, answer only, three levels, three of the cheap teacher
    assert not re.search(
        r"^rule (annotate|train|generate|score):|: (Training|Annotations) ", clone.about("budget_usd"), re.MULTILINE
    )
    assert "8 of 8 cells are scored" in clone.about("so_far")
    edited = clone.about("epochs: 1.0/epochs: 2.0/' studies/mine.yaml\nsnakemake")
    assert re.search(r"\| the whole study \|(?: 0 \|){3} 7 \|", edited), edited
    assert "8 supervisions and students are in both" in clone.about("compare.py")
    assert "Would send" in clone.about("publish.py") and "Nothing was sent" in clone.about("publish.py")
    restored = clone.folder / "elsewhere/results/mine"
    assert len(list((restored / "metrics").rglob("greedy.json"))) == 8
    assert len(list((restored / "exemplars").rglob("original.json"))) == 2
    spent = json.loads((clone.folder / "results/mine/diagnostics/annotations.json").read_text(encoding="utf-8"))
    paid = {one["supervision"]: one["price_usd"] for one in spent["supervisions"]}
    assert paid["mine/careful/original/L5"] > 0
    # Two teachers, three levels, 24 problems, and their worked examples: the second study bought nothing again.
    assert 6 * 24 <= practice.answered() <= 6 * 24 + 2
    for name in ("results", "journal", "work", ".snakemake"):
        shutil.rmtree(clone.folder / name)
    for path in (clone.folder / "elsewhere").iterdir():
        shutil.move(path, clone.folder / path.name)
    assert "Nothing to be done" in clone.run("snakemake --configfile results/mine/study.json -n tables figures")
