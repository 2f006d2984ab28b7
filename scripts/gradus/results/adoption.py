"""Adoption: a finished study of an earlier version in the layout of today, so that it is analysed again without training.

Version 0.1.0 tested every cell on one set of problems: ``metrics/CELL/greedy.json``. Today the problems are a folder,
``metrics/CELL/test/greedy.json``, and a metric names them. Nothing else that an analysis reads has moved.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.runtime.folders import files_below
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import load

_READ = ("data", "diagnostics", "annotations", "training_sets", "teacher_answers", "teacher_accuracy", "checkpoints")
_TESTED = ("metrics", "predictions")


def adopt(finished: Path, root: Path) -> Path:
    """Copy what an analysis reads of the study in ``finished`` (its folder in ``results``) to where a study of that name lies
    below ``root``; the path of its ``study.json`` there. Weights are not copied.

    UserError where no study is there, or the target exists.
    """
    if not (finished / "study.json").exists():
        raise UserError("no study.json", where=finished, hint="name the folder of a finished study, results/NAME")
    study = load(read_json(finished / "study.json"), str(finished / "study.json"))
    target = root / paths.RESULTS.of(study)
    if target.exists():
        raise UserError("is there already", where=target, hint="choose another folder")
    for part in _READ:
        if (finished / part).exists():
            shutil.copytree(finished / part, target / part, ignore=shutil.ignore_patterns("weights"))
    for part in _TESTED:
        for path in files_below(finished / part):
            relative = path.relative_to(finished)
            inside = relative.parent / paths.TEST if re.fullmatch(r"seed\d+", relative.parent.name) else relative.parent
            (target / inside).mkdir(parents=True, exist_ok=True)
            _copy(path, target / inside / relative.name)
    for record in finished.glob(Path(paths.DECLARATION).name.format(digest="*")):
        shutil.copyfile(record, target / record.name)
    write_json(target / "study.json", study.model_dump(mode="json"), keep_order=True)
    return target / "study.json"


def _copy(source: Path, target: Path) -> None:
    """A file as it is; a metric that does not say on which problems it was made was made on the test problems."""
    if source.suffix == ".json" and ".manifest" not in source.name and source.parts[-2] != paths.TEST:
        facts = read_json(source)
        if isinstance(facts, dict) and "accuracy" in facts and "problems" not in facts:
            target.write_text(json.dumps({**facts, "problems": paths.TEST}, indent=2) + "\n", encoding="utf-8")
            return
    shutil.copyfile(source, target)
