"""A question about one protein, and its answer.

- `subject`: a protein and what the library knows of it
- `question`: what is asked of it
- `frozen`: it on disk, fixed before the model runs
- `frozen_file`: that file, read and checked
- `basis`: what an answer rests on beside its question, as this machine has it
- `frozen_check`: what such a file is worth here, and the answer by its rule
- `question_log`: the questions that were looked at
- `answer`: what the heads of one run say
- `places`: where residues lie, for random pockets
- `coupled_places`: a coupling beside that of other pairs of places
- `covariates`: what of a residue may explain what it receives
- `explained`: what they explain of one head, in one sentence
- `track`: a value per residue, and what it is taken from
- `tracks`: those that there are: a new colouring is one entry
- `measures`: on A, on B, from one to the other
- `strata`: which null a protein can have, and its strata
- `testable`: at which threshold heads can be tested
- `expectation`: what a model expects of a protein, in sentences
- `verdict`: the answer in one sentence
- `power`: what the comparison costs, in words
"""
