"""Distances below which residues count as near each other, in Å: three questions, three radii."""

__all__ = ["CB_CONTACT", "NEAR_TARGET", "TOUCHES_RECEPTOR"]

# Between heavy atoms of a residue and of the ligand, ion or partner that it is marked for: direct contacts, where 5 Å would add the second
# shell.
NEAR_TARGET = 4.0
# Between heavy atoms of the receptor and of what is shown with it: the usual cutoff for residues in contact, a little wider, so that
# nothing that can be near a residue is missing.
TOUCHES_RECEPTOR = 5.0
# CASP: residues are in contact if their CB atoms (CA for glycine) are less than 8 Å apart.
CB_CONTACT = 8.0
