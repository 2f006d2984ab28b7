"""Evaluation: what trained students write, and how it is scored."""
