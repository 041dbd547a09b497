"""What one forward pass leaves on disk.

- `meta`: what a run was computed from, and its key
- `meta_file`: meta.json of a run
- `layout`: the files of a run
- `maps`: attention maps, read as needed
- `array_run`: a run that is one small array
- `array_writer`: writing such a run
- `value_norms`: value norms, read as needed
- `probabilities`: probabilities of residues, read as needed
- `store`: kept runs: placing, finding, listing, deleting
- `writer`: writing attention, layer by layer
- `weighted`: maps and value norms together, value-weighted attention
- `disk`: room on the disk
- `cost`: memory, disk space and time of a run, told before it
- `extract`: from a model and a protein to maps on disk
- `extract_norms`: from a model and a protein to value-weighted attention
- `extract_probabilities`: from a model and a protein to probabilities of residues
- `column_reducer`: column weights while the model runs
- `column_store`: kept column weights
- `extract_columns`: from a model and a protein to column weights
"""
