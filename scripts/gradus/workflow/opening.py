"""Opening: from what Snakemake parsed to the study of this run, and the folders that it reads."""

from __future__ import annotations

from typing import Any

from gradus.results import presence
from gradus.runtime import environment
from gradus.runtime.errors import UserError
from gradus.study.config import Study, load
from gradus.study.paths import Artifact
from gradus.workflow import rule_names, targets
from gradus.workflow.places import refuse_what_is_in_the_way


def study_of(workflow: Any, config: Any) -> Study:
    """The study, with its data and prompts found; UserError names everything that is wrong with it.

    Where another workflow imports this one as a module, its rules may have other names there, but its files not.
    """
    rule_names.remember(workflow.modifier.modify_rulename("*"))
    moved = workflow.modifier.path_modifier
    if moved is not None and (moved.prefix is not None or moved._prefix_replacements is not None):
        raise UserError(
            "`prefix` and `replace_prefix` would move what programs look for by its name",
            where="the `module` statement of the importing workflow",
            hint="leave them out: all lies in results/STUDY; rules may have a prefix: `use rule * from gradus as gradus_*`",
        )
    study = load(config, files=workflow.configfiles, said=workflow.config_settings.config)
    environment.offer_data(study.data_folder)
    study = presence.with_unavailable(study, environment.data_folder())
    environment.choose_prompts(study.prompts)
    return study


def everything_of(workflow: Any, study: Study) -> list[Artifact]:
    """All that a run of the whole study makes; UserError where a file or folder is in its way, which Snakemake would not tell."""
    found = targets.everything(study)
    if workflow.is_main_process:
        refuse_what_is_in_the_way(found)
    return found
