"""Endings: what a run has made, or why it failed, and the order in which it leaves the study's folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from gradus.study.config import Study
from gradus.workflow import setting_aside, summary


def tell_success(workflow: Any, study: Study) -> None:
    """Print the closing lines of a run that succeeded on standard error."""
    setting_aside.after_the_last_job(study)
    print(summary.text(study, Path(workflow.basedir) / "studies"), file=sys.stderr)


def tell_failure(workflow: Any, study: Study) -> None:
    """Print why a run failed, and how it goes on, on standard error."""
    setting_aside.after_the_last_job(study)
    print(summary.failures(study), file=sys.stderr)
