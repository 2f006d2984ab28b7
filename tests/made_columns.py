"""Datasets by their columns, made up for a test."""

import json
from pathlib import Path
from typing import Any

from gradus.data.datasets.sources import Loaded, load_problems
from gradus.records.vocabulary import Split
from gradus.study.config.datasets import ColumnsDataset

PLAIN: dict[str, Any] = {"question": "question", "answer": "answer", "kind": "number"}


def section(path: Path, **keys: Any) -> ColumnsDataset:
    return ColumnsDataset.model_validate({"source": "columns", "path": str(path), **keys})


def load(path: Path, split: Split = "train", **keys: Any) -> Loaded:
    return load_problems("mine", section(path, **keys), split, None)


def folder_of(path: Path, rows: list[dict[str, Any]], name: str = "train.jsonl") -> Path:
    path.mkdir(exist_ok=True)
    (path / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
