"""Folds: from distances to a place in 3D for each residue, and how far to trust it."""
