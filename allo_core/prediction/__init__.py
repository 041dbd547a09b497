"""Predicting allosteric sites from the attention of sensitive heads.

- `examples`: receptors with listed sites
- `features`: what heads say of each residue
- `selection`: which heads look at sites
- `methods`: the predictor and its baselines
- `study`: the whole comparison
- `predictor`: the predictor as it is kept
- `track`: predicted sites as values per residue
- `card`: its model card in sentences
"""
