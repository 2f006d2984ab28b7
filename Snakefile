"""Gradus: from problems to annotations, fine-tuned students, evaluation, findings, figures and an archive."""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.21.1")

sys.path.insert(0, os.path.join(workflow.basedir, "scripts"))

from gradus.archive import groups
from gradus.presentation.exhibits import conditions
from gradus.results import presence
from gradus.runtime import environment
from gradus.runtime.errors import UserError
from gradus.study import grid, paths
from gradus.study.config import NAMED_FORMATS, load
from gradus.study.fingerprint import fingerprint
from gradus.terminal import attach
from gradus.workflow import annotation, before_the_first_job, cluster, data, evaluation
from gradus.workflow import lanes, presentation, resources, summary, targets, training
from gradus.workflow.inputs import large, large_and_small
from gradus.workflow.options import as_json, options
from gradus.workflow.wildcards import constraints

environment.prepare(workflow.basedir, submitted=workflow.remote_exec)

# A study file is complete in itself: config.yaml is read only where no other one is given (they would be merged).
if not workflow.configfiles:

    configfile: os.path.join(workflow.basedir, "config.yaml")


try:
    cluster.prepare(workflow)
    study = load(config, files=workflow.configfiles)
    environment.offer_data(study.data_folder)
    study = presence.with_unavailable(study, environment.data_folder())
except UserError as error:
    sys.exit(f"error: {error}")

environment.choose_prompts(study.prompts)
lanes.open_lanes(workflow, study)
attach.attach(workflow, study)


report: "report/workflow.rst"


wildcard_constraints:
    **constraints(study),


rule all:
    """Everything of the study: tables, figures, findings, the report and the archive."""
    input:
        targets.everything(study),


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
    print(summary.text(study, Path(workflow.basedir) / "studies"), file=sys.stderr)


onerror:
    print(summary.failures(study), file=sys.stderr)
