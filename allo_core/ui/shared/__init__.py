"""What several pages use.

- `page_session`: what a page remembers: its view, problems, notices
- `navigation`: the pages in groups
- `refs`: which kind of thing a name is of
- `link`: what links hold
- `choices`: choices that links to Explore hold
- `inputs`: what people paste and upload, kept
- `mirror`: widgets that show a part of the view
- `frame`: what stands around every page
- `hints`: hints that were put away for good
- `help`: the help texts
- `question_log`: the questions that were looked at
- `text`: text from outside, made safe
- `theme`: light or dark
- `models`: choosing a model
- `jobs`: the background run
- `worker`: the worker thread
- `run_panel`: progress with cancel
- `fetching`: fetching in the background
- `plots`: Plotly on a page
- `cell_cursor`: the selected cell of a heatmap
- `heads_table`: a table of heads
- `painting`: what a structure shows
- `structures`: a structure, ready to draw
- `superposed`: structures laid on each other
- `structure_view`: the 3D view
- `snake_view`: the snake plot
- `components`: files of the page's own components
"""
