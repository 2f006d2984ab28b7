"""Gradus: from problems to annotations, fine-tuned students, evaluation, findings, figures and an archive."""

import os
import sys

from snakemake.utils import min_version

min_version("9.21.1")

sys.path.insert(0, os.path.join(workflow.current_basedir, "scripts"))

from gradus.archive import groups
from gradus.presentation.exhibits import conditions
from gradus.runtime import environment
from gradus.runtime.errors import UserError
from gradus.study import grid, leak_checks, paths
from gradus.study.config import NAMED_FORMATS
from gradus.study.fingerprint import fingerprint
from gradus.terminal import attach
from gradus.workflow import annotation, before_the_first_job, cluster, data, endings
from gradus.workflow import evaluation, lanes, opening, presentation, resources, targets
from gradus.workflow import training
from gradus.workflow.inputs import large, large_and_small
from gradus.workflow.options import as_json, options
from gradus.workflow.wildcards import constraints

environment.prepare(workflow.current_basedir, submitted=workflow.remote_exec)

# A study file is complete in itself: config.yaml is read only where no other one is given (they would be merged).
if workflow.modifier.is_main_snakefile() and not workflow.configfiles:

    configfile: os.path.join(workflow.current_basedir, "config.yaml")


try:
    cluster.prepare(workflow)
    study = opening.study_of(workflow, config)
    everything = opening.everything_of(workflow, study)
except UserError as error:
    sys.exit(f"error: {error}")

lanes.open_lanes(workflow, study)
attach.attach(workflow, study)
before_the_first_job.tell_a_dry_run(workflow, study)


report: "report/workflow.rst"


wildcard_constraints:
    **constraints(study),


rule all:
    """Everything of the study: tables, figures, findings, the report and the archive."""
    input:
        everything,


include: "rules/targets.smk"
include: "rules/data.smk"
include: "rules/teachers.smk"
include: "rules/teachers_transforms.smk"
include: "rules/teachers_batch.smk"
include: "rules/teachers_audit.smk"
include: "rules/students_base_models.smk"
include: "rules/students.smk"
include: "rules/students_fit.smk"
include: "rules/evaluation.smk"
include: "rules/analysis.smk"
include: "rules/presentation.smk"
include: "rules/presentation_paper.smk"
include: "rules/presentation_pages.smk"
include: "rules/planning.smk"
include: "rules/archive.smk"


onstart:
    before_the_first_job.tell(workflow, study)


onsuccess:
    endings.on_success(workflow, study)


onerror:
    endings.on_failure(workflow, study)
