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
- `compared`: all folds of a protein beside one structure, and what each gains over the average
- `trace`: a fold as a structure file
- `esmfold`: a structure that ESMFold folds from a sequence, kept
- `esmfold_memory`: what ESMFold needs of a machine
- `esmfold_network`: its network, built and run
- `folded_structure`: a whole structure that a model folded
- `fold_files`: atoms of a fold as PDB or mmCIF text that says how they were made
- `averaging`: mean and spread of the distances of a class
- `shipped`: the averages and templates that ship
- `source_table`: the structures that they are made of
- `held_out`: averages and templates judged on receptors that they have not seen
- `build`: the script that writes what ships
"""
