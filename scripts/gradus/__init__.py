"""Gradus: chain-of-thought distillation studies, the library behind the programs in ``scripts/``."""

__version__ = "0.2.0"
