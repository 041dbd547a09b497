"""A question about one protein, and its answer.

- `subject`: a protein and what the library knows of it
- `question`: what is asked of it
- `answer`: what the heads of one run say
- `places`: where residues lie, for random pockets
- `covariates`: what of a residue may explain what it receives
- `explained`: what they explain of one head, in one sentence
- `tracks`: values per residue: a new colouring is one entry
- `measures`: on A, on B, from one to the other
- `strata`: which null a protein can have, and its strata
- `testable`: at which threshold heads can be tested
- `verdict`: the answer in one sentence
- `power`: what the comparison costs, in words
"""
