"""Folds: from distances to a place in 3D for each residue, and how far to trust it.

- `distogram`: from probabilities of distances to distances, and how much each counts
- `scaling`: from distances to coordinates
- `majorise`: the steps of that descent
- `hand`: which of two mirror images a fold is
- `fold`: places for residues of one protein, with what they were made from
- `family_average`: the average fold of a class
- `template`: a protein threaded on the nearest receptor with an experimental structure
- `offers`: the folds that can be drawn of a protein, by name
- `calibration`: how good such a fold can be expected to be
- `judged`: a fold beside a structure of the same protein
- `trace`: a fold as a structure file
- `averaging`: mean and spread of the distances of a class
- `shipped`: the averages and templates that ship
- `source_table`: the structures that they are made of
- `held_out`: averages and templates judged on receptors that they have not seen
- `trunk_settings`: the shape of the trunk of a distance head, and which of its options are on
- `trunk`: that trunk, layers over pairs of residues and aligned sequences
- `steps`: its layers as steps, each of which adds to one of its streams
- `reversible`: the steps undone one by one in the backward pass, so that training keeps no activations
- `axial`: attention along rows and columns of pairs
- `msa_attention`: attention within aligned sequences
- `cross_attention`: attention between pairs and aligned sequences, with compressed keys
- `feed_forward`: what a token makes of itself
- `attention`: attention of the tokens of a row to each other
- `sparse`: which blocks of tokens see which, and attention over these alone
- `attend`: attention of queries to keys, in pieces
- `build`: the script that writes what ships
"""
