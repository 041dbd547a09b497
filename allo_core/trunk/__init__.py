"""The trunk of a distance head: attention over pairs of residues and aligned sequences; knows no protein.

- `trunk_settings`: the shape of the trunk of a distance head, and which of its options are on
- `trunk`: that trunk, layers over pairs of residues and aligned sequences
- `steps`: its layers as steps, each of which adds to one of its streams
- `reversible`: the steps undone one by one in the backward pass, so that training keeps no activations
- `axial`: attention along rows and columns of pairs
- `msa_attention`: attention within aligned sequences
- `cross_attention`: attention between pairs and aligned sequences, with compressed keys
- `feed_forward`: what a token makes of itself
- `attention`: attention of the tokens of a row to each other
- `sparse`: which blocks of tokens see which, and attention over these alone
- `attend`: attention of queries to keys, in pieces
"""
