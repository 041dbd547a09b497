"""From text to a protein, its residues and their numbers.

- `pasted`: sequences without a header, as other programs show them
- `sequence`: text to `Protein`, and every complaint about a sequence
- `fasta`: the one reader of FASTA
- `residues`: text to residues and back
- `numbering`: segments, both generic numbering schemes, conservation
- `variants`: substitutions as text, and the protein that has them
- `alignment`: two sequences laid on each other
- `homologues`: which proteins are so alike that they count as one
- `contacts`: distances below which residues count as near
"""
