"""Two proteins: do they interact, and which stretches of them say so.

- `pairs`: pairs of proteins with labels, the vectors that stand for each protein, and what a model of pairs is given of both.
- `gradients`: which tokens make a model's answer what it is: Integrated Gradients
- `annotations`: which residues of proteins are annotated
- `coverage`: how much of the stretches that a model points out is annotated, beside chance
- `ranked_lists`: lists of best and lowest segments of many pairs, and how much of them is annotated
- `received`: which tokens the attention of a model of pairs goes to
"""
