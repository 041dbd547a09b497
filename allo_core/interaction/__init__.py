"""Two proteins: do they interact, and which stretches of them say so.

- `pairs`: pairs of proteins with labels, the vectors that stand for each protein, and what a model of pairs is given of both.
- `gradients`: which tokens make a model's answer what it is: Integrated Gradients
- `received`: which tokens the attention of a model of pairs goes to
"""
