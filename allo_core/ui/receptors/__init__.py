"""The page Receptors: one question asked of a whole set."""
