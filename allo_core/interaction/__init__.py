"""Two proteins: do they interact, and which stretches of them say so.

- `pairs`: pairs of proteins with labels, the vectors that stand for each protein, and what a model of pairs is given of both
- `encoder`: self-attention over the stretches of both proteins, with the attention that the answer came from
- `architectures`: the models of pairs, as published or smaller, with or without marks of the proteins
- `learning_settings`: how a model is learnt, and what was published
- `checkpoint`: the state of learning, and the file that it goes on from
- `learn`: learning one model, and asking it
- `fold_models`: one model for each fold of a split
- `tune`: searching the settings with Optuna
- `model_card`: what a model was learnt from and how good it is
- `kept_model`: a learnt model on disk
- `published_weights`: the published files of parameters
- `cuts`: where a protein is cut into stretches
- `features`: the vectors that stand for proteins, from a language model
- `splits`: which pairs are learnt from and which are tested: by pair, by protein or by homology cluster
- `metrics`: how well pairs are told apart, beside chance
- `coupling_table`: the G protein families that receptors are reported to couple to, and the pairs of that
- `tables`: a person's own sequences and pairs, with what is wrong with them by row
"""
