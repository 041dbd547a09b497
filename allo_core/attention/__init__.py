"""Arrays only: what heads look at, and what random residues would get.  Knows no model and no file.

- `head`: one head, its name, its text in links
- `columns`: column weights above a threshold
- `arcs`: the entries of one map above a threshold
- `value_weighted`: attention times the length of what is attended to
- `standard`: attention on a site in units of chance, and which heads are tested
- `flags`: impact, and why a score should not be trusted
- `scores`: the scores of every head for one set of residues
- `contacts`: contacts from maps of several heads, and how many of the best pairs touch
- `divergence`: how far rows of two maps are from each other
- `letters`: which residue letters a head looks at, and whether a change follows from them
- `control`: how many heads pass for random sites
- `nulls`: what random sites would get: moments, p, q
- `draws`: random sites, drawn once for all heads
- `pockets`: random places that hang together as a site does
- `site_rank`: how a site ranks among such places, for each head and for all
- `tails`: p among few places
- `pairs_like`: random pairs of places that lie to each other as two sets do
- `pair_rank`: how a coupling ranks among such pairs, one way and back
- `power`: what the null costs: its overlap with the site, the smallest enrichment that could pass
- `explained`: what covariates of the residues explain of one head, and what is left at a site
- `head_card`: how far a head reaches, contacts, what its score rests on
- `threads`: arrays in a few threads
"""
