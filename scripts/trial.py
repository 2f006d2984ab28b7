"""Try a pretrained student: can what a study asks be done with this model? Nothing is trained and nothing is paid.

The job that pins a student does this by itself. By hand: python scripts/trial.py models/mine --template chat
"""

import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.study.config.options import section_option
from gradus.study.config.students import PretrainedStudent, Recipe
from gradus.study.config.training import StudentDemands


def main() -> None:
    from gradus.students.trial.examination import examine

    options = program.parser(__doc__)
    options.add_argument("folder", type=Path, help="the model's folder")
    options.add_argument("--settings", type=section_option("--settings", PretrainedStudent), help="the entry as JSON")
    options.add_argument("--template", default="plain", help="the entry's template, where --settings is not given")
    as_demands = section_option("--demands", StudentDemands)
    options.add_argument("--demands", type=as_demands, help="what the study asks, as JSON; unset: the default recipe")
    options.add_argument("--output", type=Path, help="a JSON file for the result")
    given = options.parse_args()
    student = given.settings or section_option("--template", PretrainedStudent)(
        json.dumps({"kind": "pretrained", "model": str(given.folder), "template": given.template})
    )
    demands = given.demands or StudentDemands(recipe=Recipe(), new_tokens=None, caches=True)
    warnings.simplefilter("ignore")  # advice about models that are refused or pass anyway
    logging.getLogger("transformers").setLevel(logging.ERROR)
    found = examine(given.folder, student, demands)
    facts: dict[str, object] = asdict(found)
    if given.output is not None:
        write_json(given.output, {**facts, "demands": demands.model_dump()})
    limit = "no end of positions" if found.positions is None else f"{found.positions:,} positions"
    program.log.info("%s: fits (%s, %s weights, %s)", student.model, found.architecture, f"{found.parameters:,}", limit)
    for note in found.notes:
        program.log.info("  %s", note)


def prepare(arguments: Sequence[str]) -> None:
    """Import what every trial needs (``runtime.starter``). The process that tries a model imports its classes itself."""
    import gradus.students.trial.examination  # noqa: F401


def run() -> None:
    """The program, in whichever process."""
    program.run(main)


if __name__ == "__main__":
    program.run_from_starter("trial", run)
