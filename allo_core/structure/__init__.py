"""Structure files: reading them, mapping them on a sequence, and arranging them for the viewer."""
