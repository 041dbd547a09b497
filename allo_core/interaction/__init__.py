"""Two proteins: do they interact, and which stretches of them say so.

- `pairs`: pairs of proteins with labels, the vectors that stand for each protein, and what a model of pairs is given of both
- `encoder`: self-attention over the stretches of both proteins, with the attention that the answer came from
- `architectures`: the models of pairs, as published or smaller, with or without marks of the proteins
- `learning_settings`: how a model is learnt, and what was published
- `checkpoint`: the state of learning, and the file that it goes on from
- `learn`: learning one model, and asking it
- `fold_models`: one model for each fold of a split
- `model_card`: what a model was learnt from and how good it is
- `kept_model`: a learnt model on disk
- `published_weights`: the published files of parameters
- `cuts`: where a protein is cut into stretches
- `features`: the vectors that stand for proteins, from a language model
- `splits`: which pairs are learnt from and which are tested: by pair, by protein or by homology cluster
- `evaluating`: a model as it is measured
- `gradients`: which tokens make a model's answer what it is: Integrated Gradients
- `received`: which tokens the attention of a model of pairs goes to
- `annotations`: which residues of proteins are annotated
- `coverage`: how much of the stretches that a model points out is annotated, beside chance
- `reduction`: vectors of tokens made shorter by an autoencoder
- `forest`: a random forest over latent vectors, and which tokens it uses: Tree SHAP and Gini importance
- `latent_network`: a small network over latent vectors
- `agreement`: whether methods agree on which tokens matter, beside shuffled labels
- `ranked_lists`: lists of best and lowest segments of many pairs, and how much of them is annotated
- `functional_sets`: whether pointed-out stretches of receptors hold G protein contacts, the sodium pocket or library sites
- `metrics`: how well pairs are told apart, beside chance
- `coupling_table`: the G protein families that receptors are reported to couple to, and the pairs of that
- `tables`: a person's own sequences and pairs, with what is wrong with them by row
"""
