"""Files of other programs, read into one record per output (``gradus.records.samples.Sample``).

``read_samples`` is all that a caller needs. Its imports are light: no torch, no transformers; pyarrow where a file needs it.
"""

from gradus.evaluation.formats.columns import Columns, read_columns
from gradus.evaluation.formats.reading import FORMATS, read_problems, read_run, read_samples

__all__ = ["FORMATS", "Columns", "read_columns", "read_problems", "read_run", "read_samples"]
