"""What every run of Snakemake on this project imports of it; for ``forked_snakemake``."""

import importlib
import pkgutil

import gradus.archive.groups
import gradus.presentation.exhibits.conditions
import gradus.study.leak_checks
import gradus.terminal.attach
import gradus.workflow

for _module in pkgutil.iter_modules(gradus.workflow.__path__, "gradus.workflow."):
    importlib.import_module(_module.name)
