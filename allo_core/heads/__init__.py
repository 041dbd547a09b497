"""What the heads of a model look at, over a sample of the library's receptors (Vig et al., ICLR 2021).

- `sample`: the receptors that are read
- `arcs`: the arcs of every head on them, kept for each receptor
- `labels`: what the residues of one protein are, by letters and generic numbers
- `properties`: what residues and pairs of residues may be
- `counting`: the arcs on one protein, counted
- `shares`: which share of a head's arcs goes to what, counted in two ways
- `calibration`: how many pairs touch, by how much attention goes from one to the other
- `similarity`: residues that heads look at alike, beside BLOSUM62
- `verdict`: the answer in sentences
"""
