"""Predicting allosteric sites from the attention of sensitive heads."""
