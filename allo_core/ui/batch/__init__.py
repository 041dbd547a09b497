"""The page Batch: thousands of sequences that were run from a terminal."""
