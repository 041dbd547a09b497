"""The page Explore: one protein, its heads, its structure.

- `view`: what is shown; the URL
- `session`: the changes that widgets make to it
- `marks`: what becomes of marks when another protein is opened
- `results`: what follows from it, kept
- `rail`: the left rail
- `residue_sets`: its part for residues
- `structure_choice`: its part for the structure
- `example`: the worked example
- `controls`: its part for measure, threshold and null
- `tracks`: what the structure can be coloured by
- `field`: widgets of one field
- `incoming`: what comes in from outside
- `panels`: the pictures
- `run_offer`: how a run is started, and what it will take
- `beside`: a second structure beside the first
- `run_state`: what stands in their place
- `painting`: the structure's colours
- `strip`: the lines above the pictures
- `sentences`: whole sentences about a run
- `tabs`: what stands below
- `head_panel`: the head by itself
- `scores_table`: all heads as a table
- `prediction`: the site predictor, kept
- `prediction_panel`: predicted sites
- `downloads`: what is taken away
- `slide`: the slide
- `shown`: all that the page shows, in one object
"""
