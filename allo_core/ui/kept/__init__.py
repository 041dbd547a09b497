"""The page Kept runs.

- `panels`: the kept runs as a table, and deleting them
"""
