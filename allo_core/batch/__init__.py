"""Thousands of sequences through one model: what it keeps, how it runs, and how the results are read.

Writing needs Ray (the extra ``cluster``), reading needs pyarrow and pandas alone.
"""

from allo_core.batch.dataset import BatchResults, open_batch

__all__ = ["BatchResults", "open_batch"]
