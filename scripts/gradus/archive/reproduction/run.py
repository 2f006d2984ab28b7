"""Running: an archive restored aside, and the chosen depth of it made again by Snakemake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from gradus.archive.manifest import read_manifest
from gradus.archive.members import read_members
from gradus.archive.reproduction import comparison
from gradus.archive.reproduction.comparison import Compared
from gradus.archive.reproduction.depths import Depth, folders, targets
from gradus.archive.restoring import restore
from gradus.runtime import environment
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import Study, load
from gradus.study.paths import is_run_record

LOG = "reproduce.log"
# Depths at which students write again, so that claims are compared by their intervals.
BY_INTERVAL: tuple[Depth, ...] = ("predictions", "train")


def make_again(archive: Path, folder: Path, depth: Depth, project: Path, cores: int) -> Study:
    """Restore into ``folder`` and make everything of the depth again with the code of ``project``; the study.

    Progress and answers of this machine and a group's store are not used: what was finished before would prove nothing.
    UserError with the last lines of the log where a job fails.
    """
    restored = restore(archive, folder, archive=False)
    if restored.study is None:
        raise UserError("the archive holds no study file", where=archive)
    name = read_manifest(archive).study
    results = folder / paths.RESULTS.of(name)
    study = load(read_json(folder / paths.STUDY_COPY.of(name)), str(folder / paths.STUDY_COPY.of(name)))
    for one in folders(depth):
        shutil.rmtree(results / one, ignore_errors=True)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile"), "--cores", str(cores)]
    command += ["--configfile", paths.STUDY_COPY.of(name), "--nolock", "--", *targets(study)]
    log = folder / LOG
    with open(log, "wb") as stream:
        done = subprocess.run(
            command, cwd=folder, env=_environment(folder), stdout=stream, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode != 0:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
        raise UserError("could not be made again:\n  " + "\n  ".join(last), where=log)
    return study


def compared(archive: Path, folder: Path, depth: Depth, tolerance: float | None) -> list[Compared]:
    """Every claim, headline number, table row and (from the scores on) metric file, archived against made again.

    ``tolerance`` in shares; None: ``comparison.TOLERANCE``, and where students wrote again the intervals of the claims.
    """
    manifest = read_manifest(archive)
    results = paths.RESULTS.of(manifest.study)
    by_interval = tolerance is None and depth in BY_INTERVAL
    within = comparison.TOLERANCE if tolerance is None else tolerance
    rebuilt = (f"{results}/tables/", f"{results}/paper/")
    wanted = (paths.CLAIMS.of(manifest.study), paths.HEADLINE.of(manifest.study))
    archived = read_members(
        archive,
        manifest,
        lambda name: (
            name in wanted
            or (name.startswith(rebuilt) and name.endswith(".csv") and not is_run_record(name))
            or (depth != "tables" and paths.METRICS.wildcards_in(name) is not None)
        ),
    )
    before = {name: content.decode("utf-8") for name, content in sorted(archived.items())}
    after = {name: (folder / name).read_text(encoding="utf-8") for name in before if (folder / name).is_file()}
    missing = [Compared("file", name, "differs", ("is not made now",)) for name in before if name not in after]
    found = []
    for name in after:
        pair = before[name], after[name]
        short = name.removeprefix(f"{results}/")
        if name == wanted[0]:
            found += comparison.claims(*pair, within, by_interval)
        elif name == wanted[1]:
            found += comparison.headline(*pair, within, by_interval)
        elif name.endswith(".csv"):
            found += comparison.table(short, *pair, within, by_interval)
        elif not name.endswith(".manifest.json"):
            found.append(comparison.score(short, *pair, within, by_interval))
    order = ("claim", "headline", "file", "table", "score")
    return sorted([*found, *missing], key=lambda one: order.index(one.kind))


def _environment(folder: Path) -> Mapping[str, str]:
    foreign = (environment.PROJECT.name, environment.STORE.name)
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, environment.WORK.name: str(folder / "work"), environment.JOURNAL.name: str(folder / "journal")}
