"""Files of other programs, read into one record per output (``gradus.records.samples.Sample``).

``read_samples`` is all that a caller needs. Its imports are light: no torch, no transformers; pyarrow where a file needs it.
"""

from gradus.evaluation.formats.columns import Columns
from gradus.evaluation.formats.reading import FORMATS, read_run, read_samples

__all__ = ["FORMATS", "Columns", "read_run", "read_samples"]
