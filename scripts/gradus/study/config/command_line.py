"""Values from the command line: what `--config key=value` said, read as a study file would read it.

Snakemake reads whole and decimal numbers and `True` itself; everything else (`true`, `null`, a list, what stands in braces) it
hands over as texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")  # 1e-5 is a text in YAML 1.1


def read_as_yaml(study: Any, said: Any) -> Any:
    """The study with the values that the command line ``said``, key by key; lists and texts inside them included."""
    if isinstance(said, Mapping) and isinstance(study, Mapping):
        return {key: read_as_yaml(value, said[key]) if key in said else value for key, value in study.items()}
    if isinstance(study, list | tuple):
        return [read_as_yaml(one, one) for one in study]
    if isinstance(study, Mapping):
        return {key: read_as_yaml(value, value) for key, value in study.items()}
    return _read(study) if isinstance(study, str) else study


def _read(text: str) -> Any:
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return text
    # A text with a colon in it is no section, and nothing is a day of the calendar.
    return value if value is None or isinstance(value, bool | int | float | str | list) else text
