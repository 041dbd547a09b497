"""Folds: from distances to a place in 3D for each residue, and how far to trust it.

- `distogram`: from probabilities of distances to distances, and how much each counts
- `scaling`: from distances to coordinates
- `majorise`: the steps of that descent
- `hand`: which of two mirror images a fold is
"""
