"""The page Explore: one protein, its heads, its structure.

- `view`: what is shown
- `address`: it as the parameters of the URL
- `session`: the changes that widgets make to it
- `results`: what follows from it, kept
- `rail`: the left rail
- `example`: the worked example
- `controls`: the row for measure, threshold and null
- `weighting`: the offer of a pass for value-weighted attention
- `tracks`: what the structure can be coloured by
- `panels`: the pictures
- `beside`: a second structure beside the first
- `painting`: the structure's colours
- `strip`: the lines above the pictures
- `sentences`: whole sentences about a run
- `tabs`: what stands below
- `head_panel`: the head by itself
- `needed`: whether the model needs heads: request, time, what is kept
- `needed_panel`: the same on the page
- `scores_table`: all heads as a table
- `prediction`: the site predictor, kept
- `prediction_panel`: predicted sites
- `downloads`: what is taken away
- `attention_files`: the attention of the run as arrays
- `frozen`: the question frozen, and a frozen one opened
- `slide`: the slide
- `shown`: all that the page shows, in one object
"""
