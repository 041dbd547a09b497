"""Thousands of sequences through one model: what it keeps, how it runs, and how the results are read.

Writing needs Ray (the extra ``cluster``), reading needs pyarrow and pandas alone.

- `settings`: what is computed, one task with one choice for all
- `tasks`: the tasks
- `task_scores`: attention scores of all heads
- `score_tables`: their tables
- `task_embeddings`: hidden states
- `task_probabilities`: probabilities of the twenty residues
- `task_contacts`: the best pairs
- `task_variant`: change of all heads from a wild type
- `task_heads`: what all heads look at, counted
- `result`: what a task gives of one sequence
- `records`: reading the records
- `compute`: one sequence, whatever the task
- `worker`: one Ray worker
- `workers`: how many workers
- `cluster`: Ray, started or met
- `pipeline`: records to workers, statuses back
- `run`: a whole batch
- `journal`: which record a worker is at
- `part`: writing a few records in one step
- `layout`: the files of a batch
- `folder`: the folder of a batch
- `dataset`: reading the results
- `summary`: all heads over the sequences
- `heads_summary`: what they look at over the sequences
"""

from allo_core.batch.dataset import BatchResults, open_batch

__all__ = ["BatchResults", "open_batch"]
