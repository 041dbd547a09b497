"""The page Pairs: which G protein family a receptor couples to, and which stretches of it say so.

- `view`: what is shown
- `address`: it as the parameters of the URL
- `session`: the changes that widgets make to it
- `requests`: what the worker is asked for
- `strip`: the line above the tabs
- `rail`: the left rail
- `coupling`: the tab of families and stretches
- `receptor`: the receptor, coloured by its stretches
- `inside`: the tab of attention and gradients
- `worth`: the tab of methods beside chance, and of all receptors
- `own_pairs`: the tab of a person's own pairs
- `files`: what can be taken away
"""
