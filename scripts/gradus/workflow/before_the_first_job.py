"""Before the first job: one message on what is easily overlooked and paid for, such as another working folder or edited settings.

Imports nothing heavy: Snakemake calls it when a run starts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradus.results import shared_store
from gradus.runtime.environment import JOURNAL, journal_folder, project_folder
from gradus.runtime.errors import UserError
from gradus.study import declaration, paths
from gradus.study.changed_keys import ChangedKey, changed_keys
from gradus.study.config import Study
from gradus.study.grid import is_missing
from gradus.study.paths import Folder
from gradus.workflow import remote_teachers, rounding_changes, setting_aside
from gradus.workflow.places import refuse_what_is_in_the_way
from gradus.workflow.rule_names import plain

_MOST = 8  # differences that are listed
_OTHERWISE = "give the file another `study:` if that is not meant; `plan` tells what it takes."


def tell(workflow: Any, study: Study) -> None:
    """Print the message of ``look`` on standard error and write the record of what is declared, where that is due.

    SystemExit, after its message, where the run must not start.
    """
    due = list(workflow.dag.needrun_jobs())
    jobs = [(plain(job.rule.name), job.wildcards_dict) for job in due]
    try:
        refuse_what_is_in_the_way((path for job in due for path in _written(job)), written=True)
        rounding_changes.refuse(workflow, study)
        print(look(study, workflow.config_settings.configfiles, project_folder(), jobs), file=sys.stderr)
    except UserError as error:
        sys.exit(f"error: {error}")
    if declaration.is_due(rule for rule, _ in jobs):
        declaration.declare(study)
    again = setting_aside.before_the_first_job(workflow, study)
    if again:
        print(f"  {again}", file=sys.stderr)


def _written(job: Any) -> list[str]:
    """The files and folders that a job of Snakemake writes."""
    made = [Folder(one) if one.is_directory else str(one) for one in job.output]
    return [*made, *job.log, *([job.benchmark] if job.benchmark else [])]


def look(
    study: Study, files: Sequence[str | Path], project: Path, jobs: Iterable[tuple[str, Mapping[str, str]]]
) -> str:
    """The message; ``jobs`` are the rules that will run, with their wildcards. Paths are relative to the working folder.

    Raises UserError where teachers would be paid again for what lies in the project's journal.
    """
    paid = remote_teachers.asked(study, jobs)
    _refuse_to_pay_again(paid, project)
    lines = [_named(study, files)]
    changed = _changed(study)
    if changed:
        lines += [*changed, f"  Stop now (Ctrl-C) and {_OTHERWISE}"]
    lines += [f"  {one}" for one in (shared_store.told(), *_never_measured(study)) if one is not None]
    for names, problem in remote_teachers.problems(study, paid):
        can = f"teacher {names[0]} can give only what {journal_folder() / names[0]} holds"
        if len(names) > 1:
            can = f"teachers {', '.join(names)} can give only what their journals hold"
        lines.append(f"  {problem}: {can}.")
    return "\n".join(lines)


def tell_a_dry_run(workflow: Any, study: Study) -> None:
    """Print on standard error in what the study differs from its results; Snakemake lists jobs, not what they replace."""
    changed = _changed(study) if workflow.output_settings.dryrun and workflow.is_main_process else []
    if changed:
        lines = [_named(study, workflow.config_settings.configfiles), *changed, f"  {_OTHERWISE.capitalize()}"]
        print("\n".join(lines), file=sys.stderr)


def _named(study: Study, files: Sequence[str | Path]) -> str:
    named = ", ".join(map(str, files)) if files else "config.yaml (no --configfile given)"
    return f"Study {study.study} from {named}."


def _changed(study: Study) -> list[str]:
    changed = [str(one) for one in differences(study)]
    if not changed:
        return []
    lines = [f"  {paths.RESULTS.of(study)} was made with other settings; what depends on them is made again:"]
    lines += [f"    {one}" for one in changed[:_MOST]]
    return lines + ([f"    and {len(changed) - _MOST} more"] if len(changed) > _MOST else [])


def _never_measured(study: Study) -> list[str]:
    """The declared comparisons that can get no number, because a released file is not in the data folder."""
    found = []
    for one in declaration.primaries(study):
        absent = [side for side in (one.first, one.second) if is_missing(study, side)]
        if absent:
            named = " and ".join(map(str, absent))
            found.append(
                f"primary.{one.name} cannot be compared: the released file of {named} is not in the data folder."
            )
    return list(dict.fromkeys(found))


def _refuse_to_pay_again(paid: Iterable[str], project: Path) -> None:
    """UserError where the project's journal has answers of a teacher, and the working folder's, which would be used, has none."""
    if os.environ.get(JOURNAL.name) or Path.cwd() == project.resolve():
        return
    for name in paid:
        there, here = project / "journal" / name, journal_folder() / name
        if _has_answers(there) and not _has_answers(here):
            raise UserError(
                f"{there} holds paid answers of teacher {name}, and this folder's {here} none: they would be paid again",
                where=f"working folder {Path.cwd()}",
                hint=f"run in {project}, or export {JOURNAL.name}={project / 'journal'}; to pay anew, export "
                f"{JOURNAL.name}=journal",
            )


def _has_answers(journal: Path) -> bool:
    return journal.is_dir() and any(path.stat().st_size for path in journal.glob("*.jsonl"))


def differences(study: Study) -> list[ChangedKey]:
    """In what the study differs from the one that its results were made from, key by key; nothing where there are none yet."""
    copy = Path(paths.STUDY_COPY.of(study))
    if not copy.exists():
        return []
    try:
        before = json.loads(copy.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return []
    now = study.model_dump(mode="json")
    return [one for one in changed_keys(before, now) if one.key.partition(".")[0] != "unavailable"]
