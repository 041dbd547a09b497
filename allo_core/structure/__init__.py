"""Structure files: reading them, mapping them on a sequence, and arranging them for the viewer.

- `read`: from a PDB or mmCIF file to a structure
- `formats`: what stands in the text of such a file
- `polymer`: protein chains and their breaks
- `chain_alignment`: the residues that a chain shows, laid on the sequence
- `mapping`: which residue of a structure is which of the sequence
- `geometry`: where residues lie
- `orient`: extracellular side up, TM1 at the left
- `neighbours`: what residues are near to
- `superpose`: one receptor laid on another
- `parts`: receptor, ligands, ions, partners
- `components`: names of molecules in structure files
- `scene`: what the viewer shows
- `style`: sizes and opacities of what is drawn
- `pdbtext`: PDB text for the viewer
"""
