"""Training a masked language model on one protein family: python -m allo_core train."""
