"""Where the paper's released annotations lie: the key of each supervision, its file, and whether that is there."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from gradus.records import Supervision
from gradus.runtime.errors import UserError, json_fault
from gradus.runtime.folders import files_below
from gradus.study.config.axes import base_of

FOLDER = "released_annotations"
EXCERPTS = "head300"
# How the keys of dataset_info.json spell datasets and authors; MATH and the commonsense sets have further habits.
_DATASETS = {
    "svamp": "SVAMP",
    "gsm8k": "GSM8k",
    "aqua": "auqa",
    "math": "math_mix",
    "csqa": "cQA",
    "obqa": "obqa",
    "strategyqa": "stqa",
}
_BASELINES = {**_DATASETS, "math": "math", "csqa": "csqa"}
_FORMATS = {"least-to-most": "bsm", "rephrase-and-respond": "rar", "symbolic": "sym"}
# The format files of SVAMP and GSM8K are named by the student that they were made for, at that student's level.
_FORMAT_LEVELS = {"L3": "bloom", "L5": "gemma"}


def info_key(supervision: Supervision, author: str) -> str | None:
    """The key of dataset_info.json for a supervision; None where the paper has no such cell."""
    dataset = base_of(supervision.dataset)
    if dataset not in _DATASETS:
        return None
    if author == "gold":
        return f"{_BASELINES[dataset]}_{'onlyans' if dataset == 'math' else 'only_ans'}"
    if author == "human":
        return "ecqa_human" if dataset == "csqa" else f"{_BASELINES[dataset]}_human"
    if not supervision.level.startswith("L"):
        return None
    if supervision.format == "original":
        chatgpt = "ChatGPT" if dataset in ("svamp", "gsm8k", "aqua") else "chatgpt"
        name = {"gpt-4o": chatgpt, "gemini-1.5-flash": "gemini", "llama-3-70b": "llama"}[author]
        return f"{_DATASETS[dataset]}_{name}_level{supervision.level[1:]}"
    if author != "gpt-4o" or supervision.format not in _FORMATS:
        return None
    form = _FORMATS[supervision.format]
    if dataset in ("svamp", "gsm8k"):
        student = _FORMAT_LEVELS.get(supervision.level)
        return student and f"{dataset}_{student}_{form}"
    return f"{dataset}_level{supervision.level[1:]}_{form}"


def find_file(folder: Path, name: str) -> Path:
    """A released file, plain or gzipped, in any subfolder; a complete one before an excerpt. UserError if absent."""
    found = _files(folder).get(name)
    if found is None:
        raise UserError(f"the released file {name} is not there", where=folder)
    return found


def load_json(path: Path) -> Any:
    """A JSON file, plain or gzipped; UserError where it is absent or malformed."""
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as stream
        ):
            return json.load(stream)
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    except (ValueError, RecursionError) as error:
        raise UserError(json_fault(error), where=path) from None


@cache
def _files(folder: Path) -> dict[str, Path]:
    """Every file by its name without ``.gz``; complete ones go before excerpts."""
    found: dict[str, Path] = {}
    for path in sorted(files_below(folder), key=lambda path: (EXCERPTS in path.parts, path)):
        found.setdefault(path.name.removesuffix(".gz"), path)
    return found


@cache
def is_missing(supervision: Supervision, author: str, folder: Path) -> bool:
    """Whether the paper has no file for a supervision, or the folder does not hold it (an excerpt is not missing)."""
    root = folder / FOLDER
    info = _info(root)
    key = info_key(supervision, author)
    return key is None or key not in info or info[key]["file_name"] not in _files(root)


def file_of(supervision: Supervision, author: str, folder: Path) -> Path | None:
    """The released file that holds a supervision; None where there is none, or where it is not there."""
    root = folder / FOLDER
    key = info_key(supervision, author)
    info = _info(root) if (root / "dataset_info.json").exists() else {}
    return None if key is None or key not in info else _files(root).get(info[key]["file_name"])


@cache
def _info(root: Path) -> dict[str, Any]:
    info: dict[str, Any] = load_json(root / "dataset_info.json")
    return info
