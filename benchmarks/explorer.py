"""The explorer with 2,000 cells: how large the page is, how fast it opens and a cell's texts come, in a real Chromium.

python benchmarks/explorer.py [--runs 5]

Texts are the released rationales where GRADUS_DATA is set, cut and joined at random so that no two cells compress together;
elsewhere the built-in tutor's.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "scripts"))

DATASETS = ("svamp", "gsm8k", "aqua", "math", "csqa", "obqa", "strategyqa")
STUDENTS = tuple(f"student-{number}" for number in range(7))
LEVELS = ("L1", "L2", "L3", "L4", "L5", "L6")


def sentences() -> list[str]:
    """Sentences to make texts of."""
    folder = os.environ.get("GRADUS_DATA")
    texts: list[str] = []
    if folder:
        for path in sorted((Path(folder) / "released_annotations").rglob("*level*.json*")):
            packed = path.suffix == ".gz"
            with gzip.open(path, "rt", encoding="utf-8") if packed else open(path, encoding="utf-8") as stream:
                texts += [value for row in json.load(stream) for value in row.values() if isinstance(value, str)]
    else:
        from gradus.data.gradeschool.primer import primer

        texts = primer(1, 4000)
    return [part.strip() for text in texts for part in text.split(". ") if 20 < len(part) < 300]


def study(cells: int) -> tuple[dict[str, Any], list[list[list[Any]]], list[list[list[Any]]]]:
    """Facts, predictions and rationales of a made-up study; texts of about 600 characters, as fine rationales have."""
    from gradus.presentation.explorer.sampling import RATIONALE_BYTES, sample_size

    draw = random.Random(1)
    pool = sentences()

    def text(length: int) -> str:
        parts: list[str] = []
        while sum(map(len, parts)) < length:
            parts.append(draw.choice(pool))
        return ". ".join(parts)

    conditions = [
        {
            "dataset": dataset,
            "teacher": teacher,
            "format": "original",
            "level": level,
            "student": student,
            "seed": str(seed),
        }
        for seed in (1, 2, 3)
        for teacher in ("gpt-4o", "gemini-1.5-flash", "llama-3-70b")
        for dataset in DATASETS
        for level in LEVELS
        for student in STUDENTS
    ][:cells]
    made = []
    for condition in conditions:
        accuracy = draw.random()
        numbers = {
            "n": 500,
            "samples": 1,
            "accuracy": accuracy,
            "interval_low": accuracy - 0.04,
            "interval_high": accuracy + 0.04,
        }
        numbers |= {"strict_accuracy": accuracy, "truncated": 3, "unparsable": 2, "mean_completion_tokens": 120.5}
        numbers |= {"most_frequent_answer_accuracy": 0.05, "chance_accuracy": 0.0, "training_examples": 7000}
        curve = [[step, round(3 / (1 + step / 50), 4)] for step in range(1, 350, 6)]
        made.append(
            {
                **condition,
                "status": "done",
                **numbers,
                "leaked": False,
                "excerpt": False,
                "curve": curve,
                "seconds": 900.0,
            }
        )
    axes = {axis: list(dict.fromkeys(condition[axis] for condition in conditions)) for axis in conditions[0]}
    problems = {
        name: [{"id": f"{name}-{n}", "question": text(200), "choices": None, "answer": str(n)} for n in range(20)]
        for name in DATASETS
    }
    facts = {"study": "benchmark", "about": "", "decoding": "greedy", "axes": axes, "experiments": [], "cells": made}
    facts |= {"weights": {}, "more": {}, "links": {}, "since_claims": 0}
    facts |= {"problems": problems, "claims": [], "recommendations": [], "datasets": [], "annotations": []}
    texts = [[[text(600), "7", draw.random() < 0.5, True, None, False] for _ in range(20)] for _ in conditions]
    taught = list(
        dict.fromkeys((condition["dataset"], condition["teacher"], condition["level"]) for condition in conditions)
    )
    facts["rationales"] = [
        {"dataset": dataset, "teacher": teacher, "format": "original", "level": level}
        | {"supervision": f"{teacher}/original/{level}", "split": "train"}
        for dataset, teacher, level in taught
    ]
    facts["training_problems"] = problems
    shown = sample_size(len(taught), RATIONALE_BYTES)
    return facts, texts, [[[text(600), "7", "agrees"] for _ in range(shown)] for _ in taught]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cells", type=int, default=2000)
    options.add_argument("--runs", type=int, default=5)
    given = options.parse_args()
    from playwright.sync_api import sync_playwright

    from gradus.presentation.explorer.page import to_page

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "explorer.html"
        facts, texts, rationales = study(given.cells)
        page_file.write_text(to_page(facts, texts, rationales), encoding="utf-8")
        raw = sum(len(one[0]) for cell in texts for one in cell)
        print(
            f"{len(facts['cells'])} cells, {page_file.stat().st_size / 1e6:.1f} MB; texts inflated {raw / 1e6:.1f} MB"
        )
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened, clicked = [], []
        for _ in range(given.runs):
            page = browser.new_page()
            page.goto(page_file.as_uri(), wait_until="commit")
            page.wait_for_selector("#map button")
            # From the start of the navigation to the drawn map, as the page itself counts.
            opened.append(page.evaluate("performance.now()") / 1000)
            start = page.evaluate("performance.now()")
            page.locator("#map button").nth(10).click()
            page.wait_for_selector("#shown-count")
            clicked.append((page.evaluate("performance.now()") - start) / 1000)
            page.close()
        browser.close()
    for what, times in (("opened", opened), ("texts of a cell", clicked)):
        print(
            f"{what}: median {statistics.median(times):.2f} s, from {min(times):.2f} to {max(times):.2f} ({given.runs} runs)"
        )


if __name__ == "__main__":
    main()
