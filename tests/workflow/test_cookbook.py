"""The how-to pages, run as they stand: every block of commands in its order, in a clone, against a teacher on this machine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from documents import COOKBOOK
from running import HANG_LIMIT, PROJECT, Provider, copy_project

HOWTO = PROJECT / "docs" / "howto"
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_pages_are_run_in_the_order_of_their_index() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (HOWTO / "index.md").read_text(encoding="utf-8"))
    assert tuple(listed[: len(COOKBOOK)]) == COOKBOOK
    assert sorted(listed) == sorted(path.stem for path in HOWTO.glob("*.md") if path.stem != "index")


def test_every_command_of_the_cookbook_works(provider: Provider, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    copy_project(clone)
    shutil.copytree(PROJECT / "studies", clone / "studies")
    example = clone / "studies" / "example-own.yaml"
    own = example.read_text(encoding="utf-8")
    assert own.count("http://127.0.0.1:8000/v1") == 2
    example.write_text(own.replace("http://127.0.0.1:8000/v1", provider.openai), encoding="utf-8")
    drop = {"GRADUS", "GRADUS_JOURNAL", "GRADUS_WORK", "PYTHONPATH", "GRADUS_DATA"}
    environment = {key: value for key, value in os.environ.items() if key not in drop}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])

    def run(block: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=clone,
            env=environment,
            capture_output=True,
            text=True,
            timeout=HANG_LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{(done.stdout + done.stderr)[-5000:]}"
        return done.stdout + done.stderr

    said: dict[str, str] = {}
    blocks = [block for page in COOKBOOK for block in BLOCK.findall((HOWTO / f"{page}.md").read_text(encoding="utf-8"))]
    assert len(blocks) == 15
    for block in blocks:
        said[block] = run(block)

    def about(text: str) -> str:
        return next(output for block, output in said.items() if text in block)

    metrics = sorted((clone / "results/mine/metrics").rglob("greedy.json"))
    assert len(metrics) == 1 + 3 + 3  # answer only, three levels, three of the cheap teacher
    assert not re.search(
        r"^rule (annotate|train|generate|score):|: (Training|Annotations) ", about("budget_usd"), re.MULTILINE
    )
    assert "7 of 7 cells are scored" in about("so_far")
    edited = about("epochs: 1.0/epochs: 2.0/' studies/mine.yaml\nsnakemake")
    assert re.search(r"\| the whole study \|(?: 0 \|){3} 7 \|", edited), edited
    assert "7 supervisions and students are in both" in about("compare.py")
    assert "Would send" in about("publish.py") and "Nothing was sent" in about("publish.py")
    restored = clone / "elsewhere/results/mine"
    assert len(list((restored / "metrics").rglob("greedy.json"))) == 7
    assert len(list((restored / "exemplars").rglob("original.json"))) == 2
    spent = json.loads((clone / "results/mine/diagnostics/annotations.json").read_text(encoding="utf-8"))
    paid = {one["supervision"]: one["price_usd"] for one in spent["supervisions"]}
    assert paid["mine/careful/original/L5"] > 0
    # Two teachers, three levels, 24 problems, and their worked examples: the second study bought nothing again.
    assert 6 * 24 <= provider.control()["answered"] <= 6 * 24 + 2
    for name in ("results", "journal", "work", ".snakemake"):
        shutil.rmtree(clone / name)
    for path in (clone / "elsewhere").iterdir():
        shutil.move(path, clone / path.name)
    assert "Nothing to be done" in run("snakemake --configfile results/mine/study.json -n tables figures")
