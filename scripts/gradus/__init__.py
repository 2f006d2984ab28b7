"""Gradus: chain-of-thought distillation studies, the library behind the programs in ``scripts/``."""

from gradus.runtime.interrupts import end_on_interrupt

__version__ = "0.2.0"

# Here, because nothing of ours is imported earlier.
end_on_interrupt()
