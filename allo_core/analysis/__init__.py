"""A question about one protein, and its answer.

- `measures`: on A, on B, from one to the other
- `strata`: the null of a protein and its strata
- `verdict`: the answer in one sentence
"""
