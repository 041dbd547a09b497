"""Plotly figures from plain arrays.

- `colours`: all colours
- `head_scores`: what a heatmap can show: a new score is one entry
- `layout`: what figures have in common
- `heatmap`: layer x head
- `profile`: numbers along the sequence
- `snake`: where residues stand in a snake plot
- `snake_svg`: the snake plot as SVG
- `attention_map`: one head's map
- `contact_map`: predicted and known contacts
- `mutations`: the scores of substitutions, and the residues of one position
- `variant`: how a heatmap shows what changes in heads
- `receptor_set`: pictures of a set of receptors
- `heads`: what heads look at
- `layers`: how well layers tell a property, and how alike they are
- `points`: residues or receptors as points on a plane
- `fold`: how good a fold is along the sequence
- `pairs`: pairs of proteins: attention among tokens, importance of tokens, what methods say of a coupling
- `stretches`: what stretches of a receptor say for and against partners
- `needed`: heads by how much they look at a site and are needed there
- `batch`: pictures of a batch
"""
