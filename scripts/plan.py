"""Print what a study will ask for and take: jobs, requests, tokens, disk. Needs no key and no network, runs nothing,
and tells which remote teachers could not be asked now."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from gradus.analysis.published import read
from gradus.planning.due_jobs import DueJob, from_json
from gradus.planning.inputs import PlanInputs
from gradus.planning.pending_changes import changes
from gradus.planning.plan import plan
from gradus.planning.power import declared_power
from gradus.planning.reasons import reasons
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_json, write_text
from gradus.runtime.errors import UserError
from gradus.study.config import Study
from gradus.study.fingerprint import SCRIPTS
from gradus.teachers.prompts.prompting import Prompts
from gradus.workflow import remote_teachers


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--prompts", required=True, help="folder of prompt files")
    options.add_argument("--prices", required=True, help="price table")
    options.add_argument("--numbers", required=True, help="the paper's published numbers")
    options.add_argument("--output", required=True, help="folder for plan.json and plan.md")
    given = options.parse_args()
    inputs = PlanInputs(Results.open(Path(given.study).parent), Prompts(given.prompts), Path(given.prices))
    due = due_jobs(given.study)
    jobs = dict(sorted(Counter(job.rule for job in due).items()))
    pending = {path for job in due for path in job.outputs}
    declared = declared_power(inputs, read(Path(given.numbers))) if inputs.study.primary else []
    found = plan(inputs, jobs, changes(inputs, pending), declared, reasons(inputs, due))
    text = found.to_markdown() + unreachable(inputs.study, due, inputs.answered()) + unsaid(inputs.study)
    write_json(Path(given.output) / "plan.json", found.to_json())
    write_text(Path(given.output) / "plan.md", text)
    print(text)


def unreachable(study: Study, due: Sequence[DueJob], answered: Collection[str] = ()) -> str:
    """The remote teachers that due jobs would ask and that could not be asked now, and why; nothing where all could.

    ``answered`` are those whose answers are all in the journal.
    """
    asked = remote_teachers.asked(study, ((job.rule, job.wildcards) for job in due))
    found = remote_teachers.problems(study, {name: asked[name] for name in asked if name not in answered})
    lines = [f"- teacher{'s' * (len(names) > 1)} {', '.join(names)}: {problem}\n" for names, problem in found]
    head = "\nTeachers that could not be asked now (what the journal holds is there all the same):\n\n"
    return head + "".join(lines) if lines else ""


def unsaid(study: Study) -> str:
    """What archive and publication will miss, told before anything runs; nothing where all is said."""
    lines = [f"- {line}\n" for line in study.archive.unset()]
    return "\nThe archive will say, unless the study file does:\n\n" + "".join(lines) if lines else ""


def due_jobs(study_file: str) -> list[DueJob]:
    """The jobs that Snakemake would run now, asked in a process of its own that runs nothing."""
    snakefile = Path(__file__).resolve().parent.parent / "Snakefile"
    command = [sys.executable, "-m", "gradus.workflow.looking_ahead", str(snakefile), study_file]
    path = os.pathsep.join(filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"looking ahead failed:\n{(done.stderr or done.stdout)[-2000:]}", where=study_file)
    return from_json(json.loads(done.stdout))


if __name__ == "__main__":
    program.run(main)
