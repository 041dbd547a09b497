"""Linear models of residues and their honest comparison.  Knows no GPCR.

- `method`: what is compared: features, and how they are chosen
- `model`: the linear classifier
- `folds`: who may be learnt from when one is left out, and relatives dealt into folds
- `metrics`: how well scores rank residues
- `evaluate`: leave one out
- `compare`: all methods side by side
- `grouped`: scores over groups of relatives, which is best and which are not told apart from it
- `probes`: what a linear map reads from the features of residues
- `geometry`: the shape of a cloud of vectors
- `neighbours`: whether near things are of one kind
- `results`: what a comparison found, in numbers and words
- `processes`: several processes that leave nothing behind
"""
