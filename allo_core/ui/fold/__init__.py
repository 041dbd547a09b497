"""The page Fold: every fold that there is of a protein, judged by a structure of it.

- `view`: what is shown, and the address
- `session`: the changes that widgets make to it
- `results`: the folds of a protein, and what they are beside a structure
- `rail`: the left rail
- `strip`: the line above, and the choice of the colouring
- `table`: all folds
- `receptor`: the chosen fold on the structure
- `track`: lDDT along the chain
- `requests`: what the worker is asked for
- `more`: ways to get more folds
- `heads`: the fold of the model without some attention heads
- `files`: what can be taken away
"""
