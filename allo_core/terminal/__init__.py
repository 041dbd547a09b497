"""The commands of ``python -m allo_core``, one a module, and what several of them use.

- `analyse`: one protein
- `freeze`: its question, written down before the model runs
- `compare`: a set of receptors
- `readouts`: what a model says of one protein beside attention: embeddings, probabilities, contacts
- `variant`: what changes in the heads with a substitution, or in an ortholog
- `attention`: the attention of every head as arrays
- `heads`: what the heads of a model look at
- `ablate`: whether a model needs its heads
- `layers`: which layer of a model for which property
- `fold`: a CA trace of a receptor without its structure
- `network`: the residue interaction network of a structure
- `batch`: thousands of sequences
- `models`: the models
- `doctor`: whether this machine can do the work, and what to do
- `examination`: what it looks at once all packages are there
- `finding`: one line of what it finds
- `runs`: the kept runs
- `sites`: the library's sites: computed, listed, the shipped ones again
- `train`: training
- `fit`: fitting the site predictor
- `targets`: a protein and residues, as named in a terminal
- `picture`: coloured structures
- `files`: files asked for by name
- `progress`: progress on one line
"""
