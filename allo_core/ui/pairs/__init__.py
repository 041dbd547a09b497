"""The page Pairs: which G protein family a receptor couples to, and which stretches of it say so.

- `view`: what is shown
- `address`: it as the parameters of the URL
- `session`: the changes that widgets make to it
- `strip`: the line above the tabs
- `rail`: the left rail
"""
