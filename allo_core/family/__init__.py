"""Sets of receptors: who belongs to one, what a model's heads do over all of them, and how likely that is by chance."""
