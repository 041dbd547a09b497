"""What the pages of one protein share; each adds fields of its own to the view and readers of its own to the address.

- `view`: protein, marks, model and structure
- `address`: they as parameters of the URL
- `session`: the changes that widgets make to them, and how one page takes them over from another
- `marks`: what becomes of marks when another protein is opened
- `strip`: what is shown, in one line
- `rail`: the parts of the left rail for the receptor, its run and the device
- `residue_sets`: its part for residues
- `structure_choice`: its part for the structure
- `field`: widgets of one field
- `incoming`: what comes in from outside
- `run_offer`: how a run is started, and what it will take
- `run_state`: what stands in place of the pictures
- `expectation`: what the model expects at each residue, as far as it is kept
- `panel`: the picture of the receptor
"""
