"""The frozen records that travel between stages (docs/reference/outputs.md)."""

from gradus.records.annotations import Annotation, Example
from gradus.records.cells import Cell, Condition, Supervision
from gradus.records.predictions import Prediction, Scored
from gradus.records.problems import Problem

__all__ = ["Annotation", "Cell", "Condition", "Example", "Prediction", "Problem", "Scored", "Supervision"]
