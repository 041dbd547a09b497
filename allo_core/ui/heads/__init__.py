"""The page Heads: what the heads of a model look at, over a sample of receptors.

- `view`: what is shown, and its form as a URL
- `session`: the changes that widgets make to it
- `requests`: what the worker is asked for
- `results`: what is shown, kept as long as a person may come back to it
- `rail`: the left rail
- `panels`: strip, verdict, heatmap, and one head over all values
- `own_share`: how much of each state a residue owes to itself
- `tabs`: the best heads, layers, contacts, residues that are looked at alike, downloads
"""
