"""Measure long journals; print Markdown for docs/background/benchmarks.md. Processor time, as the machine may be shared.

python benchmarks/journal.py open    journals of 10,000, 100,000 and 1,000,000 answers: opened by reading, and by index
python benchmarks/journal.py plan    the requests of studies/paper.yaml, all of them in the journals: what quoting them takes
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "scripts"), str(PROJECT / "benchmarks")]

from annotation import WORDS, requests  # noqa: E402

from gradus.planning.inputs import PlanInputs  # noqa: E402
from gradus.planning.plan import requested  # noqa: E402
from gradus.planning.quotation import OUTPUT_TOKENS, Quotation  # noqa: E402
from gradus.records import Problem  # noqa: E402
from gradus.results.store import Results  # noqa: E402
from gradus.runtime.atomic import write_json  # noqa: E402
from gradus.runtime.environment import JOURNAL, journal_folder  # noqa: E402
from gradus.runtime.jsonl import write_records  # noqa: E402
from gradus.study import paths  # noqa: E402
from gradus.study.config import base_of, load  # noqa: E402
from gradus.study.grid import exemplars, supervisions  # noqa: E402
from gradus.teachers.prompts.prompting import Exemplar, Prompts  # noqa: E402
from gradus.teachers.requests.chat_request import ChatRequest  # noqa: E402
from gradus.teachers.requests.journal import Journal, Response  # noqa: E402
from gradus.teachers.requests.reuse import is_answered  # noqa: E402
from gradus.teachers.requests.shard_index import index_path  # noqa: E402

TEXT = "An explanation of some length. " * 12
SHARDS = 10


def answer(prompt_tokens: int) -> Response:
    usage = {"input_tokens": prompt_tokens, "output_tokens": 90}
    raw = {"id": "x" * 30, "choices": [{"message": {"role": "assistant", "content": TEXT}}], "usage": usage}
    return Response(TEXT, "stop", "m", usage, 0.001, raw=raw)


def fill(folder: Path, wanted: Iterator[ChatRequest], count: int) -> None:
    """Answers to ``count`` requests, in ten shards, as jobs one after another would leave them."""
    for _ in range(SHARDS):
        with Journal(folder) as journal:
            for _ in range(count // SHARDS):
                request = next(wanted)
                journal.add(request.key, request.content, answer(200), defer_sync=True, server="api.openai.com/v1")


def start(folder: Path) -> float:
    """Processor seconds of a process that opens a journal and looks up 100 requests, imports and all."""
    code = f"import sys; sys.path.insert(0, {str(PROJECT / 'benchmarks')!r}); import journal; journal.look({str(folder)!r})"
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def look(folder: str) -> None:
    with Journal(folder) as journal:
        assert all(is_answered(journal, request) for request in requests(100))


def opening(counts: list[int]) -> None:
    print("| answers | shards' bytes | indexes' bytes | by reading, s | by index, s | a job of 100 requests, s |")
    print("|---:|---:|---:|---:|---:|---:|")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            fill(folder, requests(count), count)
            shards = sorted(folder.glob("*.jsonl"))
            sizes = (
                sum(shard.stat().st_size for shard in shards),
                sum(index_path(shard).stat().st_size for shard in shards),
            )
            taken = []
            for remove in (True, False):
                for shard in shards if remove else []:
                    index_path(shard).unlink()
                began = time.process_time()
                Journal(folder).close()
                taken.append(time.process_time() - began)
            print(
                f"| {count:,} | {sizes[0]:,} | {sizes[1]:,} | {taken[0]:.2f} | {taken[1]:.2f} | {start(folder):.1f} |"
            )


def planning() -> None:
    """Original texts only: a rewrite is asked for with its original's text, which is not there before it is annotated."""
    study = load(yaml.safe_load((PROJECT / "studies" / "paper.yaml").read_text(encoding="utf-8")))
    prompts, prices = Prompts(PROJECT / "prompts"), PROJECT / "prices.yaml"
    with tempfile.TemporaryDirectory() as name:
        os.environ[JOURNAL.name] = str(Path(name) / "journal")
        results = Results(Path(name), study)
        write_inputs(PlanInputs(results, prompts, prices))
        count = buy(PlanInputs(results, prompts, prices))
        began = time.process_time()
        quotes = requested(PlanInputs(results, prompts, prices))
        taken = time.process_time() - began
        asked, cached = (sum(getattr(quote, one) for quote in quotes.values()) for one in ("requests", "cached"))
        print(
            f"| plan | {asked:,} requests, {cached:,} of them answered by the {count:,} answers in the journals: {taken:.1f} s |"
        )


def write_inputs(inputs: PlanInputs) -> None:
    """As many problems as the datasets have, and exemplars."""
    study, results = inputs.study, inputs.results
    for name in study.datasets:
        problems = (
            Problem(f"{name}-{one}", name, "train", f"{WORDS * 3}{one}?", None, "1", "number", None, None, "", None)
            for one in range(inputs.problems(name, "train"))
        )
        write_records(results.path(paths.PROBLEMS, dataset=name, split="train"), problems)
    for dataset, teacher, format_ in exemplars(study, supervisions(study)):
        rationales = {level: "word " * tokens for level, tokens in OUTPUT_TOKENS.items()} | {format_: "word " * 100}
        exemplar = Exemplar("A question?", "1", rationales, "", "override")
        path = results.path(paths.EXEMPLAR, dataset=base_of(dataset), teacher=teacher, format=format_)
        write_json(path, asdict(exemplar))


class Bought(Journal):
    """A journal that gets an answer to whatever it is asked for."""

    def glance(self, key: str) -> tuple[int, bool] | None:
        if super().glance(key) is None:
            content = {"body": {"model": "m", "messages": WORDS * 25}, "sample": 0}
            self.add(key, content, answer(400), defer_sync=True, server="s")
        return super().glance(key)


def buy(inputs: PlanInputs) -> int:
    """Put an answer to every request for an original into its teacher's journal; how many."""
    count, quotation = 0, Quotation(inputs)
    for name in inputs.study.teachers:
        with Bought(journal_folder() / name) as journal:
            inputs._journals[name] = journal
            for supervision in supervisions(inputs.study):
                if (supervision.teacher, supervision.format) == (name, "original"):
                    quotation.of(supervision, "train")
            count += journal.added
    return count


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["open", "plan"])
    options.add_argument("--answers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    given = options.parse_args()
    if given.what == "open":
        opening(given.answers)
    else:
        planning()


if __name__ == "__main__":
    main()
