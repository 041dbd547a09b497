"""What ships: receptors, their numbers, sites and structures.

- `receptors`: the receptors and their numbers
- `families`: the ligand family of a receptor by its name
- `composition`: how common each residue is
- `nearest`: numbers for any sequence
- `site`: a site of the library, its rule and who compiled it
- `site_library`: the sites that this machine has computed itself
- `modulators`: the entries from which it can compute them
- `sites`: which sites lie in a protein, and residues by name
- `structures`: the structures that ship
- `predicted`: the AlphaFold models that ship
- `contacts`: the contacts of one structure of each receptor that has any
- `gprotein`: the positions that touch a G protein
- `build`: the script that writes `allo_core/data`
- `build_sites`: the part of it that writes lists of sites, and the entries from which sites are computed
- `build_alphafold`: the part of it that writes the AlphaFold models
- `build_contacts`: the part of it that writes contacts
- `build_couplings`: the part of it that writes which G protein families receptors couple to
- `build_gprotein`: the part of it that writes the positions that touch a G protein
"""
