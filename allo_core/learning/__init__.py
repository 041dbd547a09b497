"""Linear models of residues and their honest comparison.  Knows no GPCR.

- `method`: what is compared: features, and how they are chosen
- `model`: the linear classifier
- `folds`: who may be learnt from when one is left out
- `metrics`: how well scores rank residues
- `evaluate`: leave one out
- `compare`: all methods side by side
- `results`: what a comparison found, in numbers and words
- `processes`: several processes that leave nothing behind
"""
