"""Write scored cells in the formats that others read.

    python scripts/export.py results/default --to eee --output exported
    python scripts/export.py results/default/metrics/gradeschool/tutor/original/L3 --to lm-eval --output exported

eee: Every Eval Ever 0.3.0, an aggregate record and its samples in a folder of its datastore (--schemas validates them). hub: the
Hugging Face Hub's .eval_results/*.yaml, for datasets that it has. lm-eval: samples as lm-evaluation-harness logs them.
"""

import re
from argparse import ArgumentTypeError
from pathlib import Path

from gradus.archive.exports import every_eval_ever, hub_results, lm_eval
from gradus.archive.exports.scored_cell import scored_cells
from gradus.runtime import program
from gradus.runtime.atomic import atomic_writer
from gradus.runtime.errors import UserError


def _account(text: str) -> str:
    """A name that is a folder of the datastore."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text) is None:
        raise ArgumentTypeError(f"{text!r} is no account: letters, digits, `.`, `_` and `-`")
    return text


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument(
        "what", type=Path, help="the folder of a study, results/NAME, or a file or folder below its metrics"
    )
    options.add_argument("--to", required=True, choices=("eee", "hub", "lm-eval"))
    options.add_argument("--output", required=True, type=Path, help="the folder that the files go to")
    options.add_argument(
        "--owner", type=_account, default="local", help="eee: whose models they are, an account of the Hub"
    )
    options.add_argument("--schemas", type=Path, help=f"eee: a copy of {every_eval_ever.SCHEMAS}, to validate with")
    options.add_argument("--task-id", help="hub: the task in the benchmark's eval.yaml, without it the dataset's name")
    given = options.parse_args()
    cells = left_out = written = 0
    for cell in scored_cells(given.what):
        cells += 1
        if given.to == "eee":
            made = every_eval_ever.files(cell, given.owner)
            if given.schemas:
                every_eval_ever.check(made, given.schemas)
        else:
            made = lm_eval.files(cell) if given.to == "lm-eval" else hub_results.files(cell, given.task_id)
        left_out += not made
        for name, content in made.items():
            with atomic_writer(given.output / name) as stream:
                stream.write(content)
            written += 1
    if cells == left_out:
        what = "none of these cells was asked the test split of a dataset of the Hub"
        raise UserError(what, where=given.what, hint="--to eee and --to lm-eval take any")
    omission = f", {left_out} left out: not the test split of a dataset of the Hub" if left_out else ""
    program.log.info("%d files of %d cells in %s%s", written, cells - left_out, given.output, omission)


if __name__ == "__main__":
    program.run(main)
