"""A run's trainings and answers come from one starter each, are the same bytes as without, and leave no process behind."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from running import Workflow, bytes_of, wait_for

STARTS = """
import os, sys
with open(os.environ["STARTS"], "a") as file:
    file.write(" ".join(sys.orig_argv).replace("\\n", " ") + "\\n")
"""


class Watched(Workflow):
    """A workflow in which every Python that starts writes down its command."""

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "PYTHONPATH": str(self.folder / "watch"),
            "STARTS": str(self.folder / "starts.txt"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def make_again(self, student: str) -> tuple[dict[str, bytes], Counter[str]]:
        """All of a student's cells, deleted and made again; their bytes, and how often each program was started."""
        cells = [path for kind in ("checkpoints", "predictions", "metrics") for path in self.of(kind, student)]
        assert len(cells) == 6
        for cell in cells:
            shutil.rmtree(cell)
        (self.folder / "starts.txt").write_text("")
        self.run("metrics")
        lines = (self.folder / "starts.txt").read_text().splitlines()
        starters = [line for line in lines if "gradus.runtime.starter" in line]
        return self.made(student), Counter(
            {
                "starters": len(starters),
                "of ranks": sum("local_ranks" in line for line in starters),
                "ranks on their own": sum("-m gradus.students.training.local_ranks" in line for line in lines),
                "train": sum("/train.py" in line for line in lines),
                "generate": sum("/generate.py" in line for line in lines),
            }
        )

    def of(self, kind: str, student: str) -> list[Path]:
        return sorted((self.results / kind).glob(f"gradeschool/*/*/*/{student}"))

    def made(self, student: str) -> dict[str, bytes]:
        kinds = ("checkpoints", "predictions", "metrics")
        folders = [path for kind in kinds for path in self.of(kind, student)]
        return {f"{path}/{name}": text for path in folders for name, text in bytes_of(path).items()}


@pytest.fixture
def watched(copied: Workflow) -> Watched:
    made = Watched(copied.folder, copied.config)
    for name in ("watch", "tmp"):
        (made.folder / name).mkdir()
    (made.folder / "watch" / "sitecustomize.py").write_text(STARTS)
    return made


def test_two_cells_share_one_import_of_each_kind(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    before = watched.made("mini")
    after, starts = watched.make_again("mini")
    assert starts == {"starters": 2, "of ranks": 1, "ranks on their own": 0, "train": 2, "generate": 2}
    assert after == before and len(before) > 20

    def left() -> list[str]:
        commands = [path.read_bytes().decode() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        return [
            command for command in commands if "gradus.runtime.starter" in command and str(watched.folder) in command
        ]

    wait_for(lambda: not left(), "the end of the starters", seconds=30)
    assert not list((watched.folder / "tmp" / f"gradus-{os.getuid()}").iterdir())
    monkeypatch.setenv("GRADUS_STARTER", "no")
    alone, starts = watched.make_again("mini")
    assert starts == {"starters": 0, "of ranks": 0, "ranks on their own": 2, "train": 2, "generate": 2}
    assert alone == before
