"""Opening: from what Snakemake parsed to the study of this run, and the folders that it reads."""

from __future__ import annotations

from typing import Any

from gradus.results import presence
from gradus.runtime import environment
from gradus.study.config import Study, load


def study_of(workflow: Any, config: Any) -> Study:
    """The study, with its data and prompts found; UserError names everything that is wrong with it."""
    study = load(config, files=workflow.configfiles, said=workflow.config_settings.config)
    environment.offer_data(study.data_folder)
    study = presence.with_unavailable(study, environment.data_folder())
    environment.choose_prompts(study.prompts)
    return study
