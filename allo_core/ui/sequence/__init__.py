"""The page Sequence: what a model says of one protein beside its attention.

- `view`: what is shown
- `address`: it as the parameters of the URL
- `session`: the changes that widgets make to it
- `requests`: what the worker is asked for
- `strip`: the line above the tabs
- `rail`: the left rail
- `receptor`: the receptor beside what a tab shows
- `colourings`: by what it is coloured
- `offer`: what takes long, offered and shown while it goes on
- `residues`: the tab of substitutions at every residue
- `masked_pass`: its pass that takes long
- `residues_table`: its table and files
- `fill`: what the model puts in the place of masked residues
- `antibody`: what AntiBERTy says of an antibody chain
- `layers`: the tab of layers
- `residue_map`: residues of one state on a plane
- `changes_job`: what each layer changes, as it was computed
- `state_changes`: it along the sequence, beside conservation and burial
- `embeddings_files`: embeddings as files
- `receptor_vectors`: receptors by their mean vectors
- `contacts`: the tab of contacts
- `contacts_tables`: what stands below the map
- `variant`: the tab of variants
- `variant_choice`: which variant is compared
- `variant_tables`: what stands below the heads
"""
