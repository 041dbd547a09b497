"""Two proteins: do they interact, and which stretches of them say so.

- `pairs`: pairs of proteins with labels, the vectors that stand for each protein, and what a model of pairs is given of both
- `cuts`: where a protein is cut into stretches
- `features`: the vectors that stand for proteins, from a language model
- `splits`: which pairs are learnt from and which are tested: by pair, by protein or by homology cluster
- `metrics`: how well pairs are told apart, beside chance
- `coupling_table`: the G protein families that receptors are reported to couple to, and the pairs of that
- `tables`: a person's own sequences and pairs, with what is wrong with them by row
- `baselines`: what names, lengths, partners and plain classifiers give
- `coupling_scores`: how well G protein families are told, within each family
- `coupling_baselines`: the baselines of coupling side by side
"""
