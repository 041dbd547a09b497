"""Structure files: reading them, mapping them on a sequence, and arranging them for the viewer.

- `read`: from a PDB or mmCIF file to a structure
- `side_chains`: what a CA trace cannot tell
- `frames`: the first model of a PDB file, and numbers that no format knows
- `mmcif`: mmCIF of any program, made uniform
- `formats`: the atoms in the text of such a file
- `header`: what such a file says of itself and its chains
- `residue_order`: residues that a file lists apart from their chain
- `polymer`: protein chains and their breaks
- `binary`: BinaryCIF
- `chain_alignment`: the residues that a chain shows, laid on the sequence
- `confidence`: how sure a prediction is of its residues
- `mapping`: which residue of a structure is which of the sequence
- `references`: what a file's references to databases say of the edges of a chain
- `geometry`: where residues lie
- `orient`: extracellular side up, TM1 at the left
- `neighbours`: what residues are near to
- `modulator`: where a named modulator touches the receptor, whichever copies there are
- `traces`: CA traces of one protein as a scene
- `superpose`: one receptor laid on another
- `compare`: how alike two structures of the same residues are
- `parts`: receptor, ligands, ions, partners
- `components`: names of molecules in structure files
- `scene`: what the viewer shows
- `style`: sizes and opacities of what is drawn
- `pdbtext`: PDB text for the viewer
- `residue_names`: names of residues, from their letters
"""
