"""The page Batch: thousands of sequences that were run from a terminal.

- `view`: the folder and what is shown; the URL
- `session`: the changes that widgets make to it
- `results`: reading a batch, kept
- `rail`: the left rail
- `panels`: the pictures
- `looked`: a batch of what heads look at
- `sequences`: all records, and one of them
- `tabs`: what stands below
"""
