"""Residue interaction networks of a structure: who touches whom, which residues lie between others, and what that is worth.

- `points`: the atoms between which contacts are counted, by rule
- `edges`: contacts and chain bonds
- `network`: them as a graph, unweighted or weighted by attention
- `centrality`: degree, betweenness, closeness and current flow of each residue
- `communities`: residues that hang together, and how far seeds agree on them
- `stability`: how many of the highest residues stay the highest when the coordinates move, or by another rule
- `paths`: the ways from one set to another
- `path_null`: them beside those of pocket pairs at the same distance
- `report`: all of it for one structure
- `verdict`: it in sentences
- `difference`: contacts gained and lost between two structures, beside what noise does
"""
