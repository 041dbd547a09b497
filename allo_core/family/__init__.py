"""Sets of receptors: who belongs to one, what a model's heads do over all of them, and how likely that is by chance.

- `members`: who is in a set, and which residues are asked about
- `table`: a set as a table
- `names`: one name for the same place in homologues
- `each`: the receptors one by one
- `runs`: one model over all of them
- `standard`: one receptor's scores on one scale
- `consensus`: all together
- `coupled`: random residues, alike in homologues
- `positions`: random generic positions
- `places`: the asked residues beside random places that hang together like them
- `swap`: the own sites beside those of other receptors
- `profile`: one head along the family
- `verdict`: the verdict in one sentence
"""
