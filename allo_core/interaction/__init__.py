"""Two proteins: do they interact, and which stretches of them say so.

- `pairs`: pairs of proteins with labels, the vectors that stand for each protein, and what a model of pairs is given of both
- `cuts`: where a protein is cut into stretches
- `features`: the vectors that stand for proteins, from a language model
- `splits`: which pairs are learnt from and which are tested: by pair, by protein or by homology cluster
- `encoder`: self-attention over the stretches of both proteins, with the attention that the answer came from
- `architectures`: the models of pairs, as published or smaller, with or without marks of the proteins
"""
