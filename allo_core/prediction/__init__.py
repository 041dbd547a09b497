"""Predicting allosteric sites from where those of other receptors lie, from structure, and from the attention of sensitive heads.

- `examples`: receptors with listed sites
- `relatives`: which of them are left out together
- `frame`: receptors of all classes in one frame
- `memory`: listed residues carried over
- `geometry`: burial, pocketness, distance to the orthosteric site
- `features`: what heads say of each residue
- `selection`: which heads look at sites
- `methods`: the predictor and its baselines
- `reproduction`: the published rules for heads
- `study`: the whole comparison
- `predictor`: the predictor as it is kept
- `track`: predicted sites as values per residue
- `card`: its model card in sentences
"""
