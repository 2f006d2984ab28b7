"""Run the default study again with other seeds and other arithmetic, and tell which findings come out again.

python benchmarks/replication.py                                        # eight sets of seeds, three instruction sets on the first
python benchmarks/replication.py --sets 101 102 --capabilities native   # some of them
python benchmarks/replication.py --only-table                           # what is finished, nothing is run
python benchmarks/replication.py --only-table --publish                 # and what is written from it (below)

A set of seeds replaces every seed of the study: dataset, teachers, students, warm-up texts, fine-tunings; set 0 is the study as
shipped. A capability restricts torch, MKL and oneDNN to an instruction set, as on a processor that has no better one; `native`
is the machine's own. Each set and capability is the real workflow in a folder of its own, up to its tested claims. A run that
was stopped goes on where it was, and what is finished is not made again.

Published are studies/default.expected.json, the table of docs/background/default-study.md and the findings of the README, each
between two comments of that page.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "scripts"))

from gradus.analysis.expectation import FEWEST, SUFFIX, differences, expect  # noqa: E402
from gradus.records import Supervision  # noqa: E402
from gradus.records.vocabulary import NATIVE  # noqa: E402
from gradus.results.store import Results  # noqa: E402
from gradus.runtime.arithmetic import processor  # noqa: E402
from gradus.runtime.atomic import write_json  # noqa: E402
from gradus.study import paths  # noqa: E402
from gradus.study.config import load  # noqa: E402
from gradus.study.declaration import primaries  # noqa: E402
from gradus.study.grid import cells  # noqa: E402

SETS = (0, 101, 102, 103, 104, 105, 106, 107)
CAPABILITIES: dict[str, dict[str, str]] = {
    "native": {},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "default": {"ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "ONEDNN_MAX_CPU_ISA": "SSE41"},
}


@dataclass(frozen=True)
class Replication:
    """A finished run: accuracy of every condition (mean over seeds), difference and verdict of every declared comparison."""

    name: str
    accuracies: dict[str, float]
    differences: dict[str, float]
    verdicts: dict[str, str]


def with_seeds(study: dict[str, Any], number: int) -> dict[str, Any]:
    """The study with all its seeds replaced by those of one set; set 0 keeps them."""
    if number == 0:
        return study
    for position, section in enumerate(study["datasets"].values()):
        section["seed"] = 1000 * number + position
    for position, section in enumerate(one for one in study["teachers"].values() if "seed" in one):
        section["seed"] = 10 * number + position
    for position, section in enumerate(one for one in study["students"].values() if one["kind"] == "built"):
        section["seed"], section["corpus"]["seed"] = 20 * number + position, 30 * number + position
    for section in study["experiments"].values():
        section["seeds"] = [100 * number + seed for seed in section["seeds"]]
    return study


def shipped() -> dict[str, Any]:
    """The default study as its file says it."""
    study: dict[str, Any] = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
    return study


def run(folder: Path, number: int, capability: str, cores: int) -> None:
    """One replication up to its claims; a stopped one goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = folder / "replication.json"
    if facts.exists():
        return
    study = with_seeds(shipped(), number)
    (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("GRADUS", "GRADUS_WORK")}
    environment |= CAPABILITIES[capability]
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "Snakefile")]
    snakemake += ["--configfile", "study.yaml", "--cores", str(cores)]
    if any((folder / ".snakemake" / "locks").glob("*")):
        subprocess.run([*snakemake, "--unlock"], cwd=folder, env=environment, check=True)
    began, target = time.time(), paths.CLAIMS.of(study["study"])
    command = [*snakemake, "--rerun-incomplete", "--keep-going", "--quiet", "progress", "--", target]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    write_json(
        facts,
        {
            "set": number,
            "capability": capability,
            "date": time.strftime("%Y-%m-%d"),
            "processor": processor(Path("/proc/cpuinfo"))[0],
            "cores": cores,
            "minutes_of_the_last_start": round((time.time() - began) / 60, 1),
        },
    )


def finished(folder: Path) -> list[Replication]:
    """The replications of a folder that have their claims, in the order of their names."""
    return [read(path.parent) for path in sorted(folder.glob("*/replication.json"))]


def read(folder: Path) -> Replication:
    results = Results.open(next(folder.glob("results/*/study.json")).parent)
    study = results.study
    scores: dict[str, list[float]] = {}
    for cell in cells(study):
        found = results.find_metrics(cell)
        assert found is not None  # claims are made from all of them
        scores.setdefault(f"{cell.student} {label(cell.supervision)}", []).append(found.accuracy)
    with open(folder / paths.CLAIMS.of(study), encoding="utf-8", newline="") as stream:
        verdicts = {row["subject"]: row["verdict"] for row in csv.DictReader(stream) if row["claim"] == "primary"}
    means = {condition: statistics.fmean(values) for condition, values in scores.items()}
    return Replication(folder.name, means, differences(study, folder), verdicts)


def label(supervision: Supervision) -> str:
    """What tells the supervisions of this study apart: the level, or the format where nobody controls that."""
    return supervision.format if supervision.level == NATIVE else supervision.level


def table(replications: list[Replication]) -> str:
    """Markdown: a line per replication, then the spread; accuracies in percent, differences in points with their verdicts."""
    if not replications:
        return "No replication is finished."
    first = replications[0]
    heads = ["run", *first.accuracies, *first.differences]
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}"]
    for one in replications:
        scores = [f"{100 * value:.1f}" for value in one.accuracies.values()]
        gaps = [f"{100 * value:+.1f} {one.verdicts.get(subject, '?')}" for subject, value in one.differences.items()]
        lines.append(f"| {' | '.join([one.name, *scores, *gaps])} |")
    for name, choose in (("lowest", min), ("highest", max)):
        spread = [f"{100 * choose(one.accuracies[key] for one in replications):.1f}" for key in first.accuracies]
        spread += [f"{100 * choose(one.differences[key] for one in replications):+.1f}" for key in first.differences]
        lines.append(f"| {name} | {' | '.join(spread)} |")
    told = []
    for subject in first.differences:
        count = sum(one.verdicts.get(subject) == "supported" for one in replications)
        told.append(f"{subject}: supported in {count} of {len(replications)}.")
    return "\n".join([*lines, "", *told])


def sentences(replications: list[Replication]) -> str:
    """Each declared comparison in a line: mean and spread in points, and in how many replications it was supported."""
    told = []
    for primary in primaries(load(shipped())):
        points = [100 * one.differences[primary.subject] for one in replications]
        count = sum(one.verdicts.get(primary.subject) == "supported" for one in replications)
        told.append(
            f"- {label(primary.first)} minus {label(primary.second)}: {statistics.fmean(points):+.0f} points of accuracy "
            f"({min(points):+.0f} to {max(points):+.0f} over {counted(len(points), 'run')}), supported in {count}"
        )
    return "\n".join(told)


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def what_ran(facts: list[dict[str, Any]]) -> str:
    """How many sets and instruction sets, when and on what."""
    sets = sorted({fact["set"] for fact in facts})
    counts = {name: sum(fact["capability"] == name for fact in facts) for name in CAPABILITIES}
    dates = sorted({fact["date"] for fact in facts})
    numbers = ", ".join("as shipped" if number == 0 else str(number) for number in sets)
    instructions = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    return (
        f"{counted(len(facts), 'run')} of the real workflow: sets of seeds {numbers}; instruction sets {instructions}; "
        f"{' to '.join(sorted({dates[0], dates[-1]}))}; {', '.join(sorted({fact['processor'] for fact in facts}))}."
    )


def between(page: str, text: str, name: str) -> str:
    """The page with ``text`` between its two comments; ValueError where it lacks them."""
    opening, closing = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = page.split(opening)
    return f"{before}{opening}\n\n{text}\n\n{closing}{rest.split(closing)[1]}"


def publish(replications: list[Replication], folder: Path) -> None:
    """Write what the finished replications say: the expectation, the table in the documents, the README's findings."""
    study = load(shipped())
    facts = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/replication.json"))]
    runs = [{key: fact[key] for key in ("set", "capability", "date", "processor")} for fact in facts]
    if len(replications) >= FEWEST:
        expectation = expect(study, [one.differences for one in replications]).to_json()
        write_json(PROJECT / "studies" / f"{study.study}{SUFFIX}", {**expectation, "runs": runs})
    told = {
        "docs/background/default-study.md": f"{what_ran(facts)}\n\n{table(replications)}",
        "README.md": sentences(replications),
    }
    for name, text in told.items():
        page = PROJECT / name
        page.write_text(between(page.read_text(encoding="utf-8"), text, "replications"), encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sets", nargs="*", type=int, default=SETS, help="sets of seeds; 0: as shipped")
    options.add_argument(
        "--capabilities", nargs="*", choices=CAPABILITIES, default=list(CAPABILITIES), help="the first set gets all"
    )
    options.add_argument("--folder", type=Path, default=Path("replication"))
    options.add_argument("--cores", type=int, default=2)
    options.add_argument("--only-table", action="store_true", help="run nothing")
    options.add_argument("--publish", action="store_true", help="write expectation and documents from what is finished")
    given = options.parse_args()
    if not given.only_table:
        pairs = [(number, "native") for number in given.sets if "native" in given.capabilities]
        pairs += [(given.sets[0], name) for name in given.capabilities if name != "native"]
        for number, capability in pairs:
            run(given.folder / f"set-{number:03d}-{capability}", number, capability, given.cores)
    replications = finished(given.folder)
    print(table(replications))
    if given.publish:
        publish(replications, given.folder)


if __name__ == "__main__":
    main()
