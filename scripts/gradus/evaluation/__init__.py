"""Evaluation: what trained students write, and how it is scored; ``judge`` scores anybody's texts."""

from gradus.evaluation.judging import judge, judge_all

__all__ = ["judge", "judge_all"]
