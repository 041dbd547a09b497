"""Plotly figures from plain arrays.

- `colours`: all colours
- `head_scores`: what a heatmap can show: a new score is one entry
- `layout`: what figures have in common
- `heatmap`: layer x head
- `profile`: numbers along the sequence
- `snake`: where residues stand in a snake plot
- `snake_svg`: the snake plot as SVG
- `attention_map`: one head's map
- `receptor_set`: pictures of a set of receptors
- `batch`: pictures of a batch
"""
