"""The page Receptors: one question asked of a whole set.

- `view`: the question; the URL
- `session`: the changes that widgets make to it
- `results`: what follows from it, kept
- `rail`: the left rail
- `panels`: the pictures
- `structures`: structures side by side
- `tabs`: what stands below
"""
