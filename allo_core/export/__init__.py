"""What users take away: tables, the record of a run, structure files, scripts for other viewers, pages, and one archive of it all.

- `tables`: the table of heads
- `record`: the record of a run
- `facts`: the structure, one head and the power in a record
- `coloured`: a structure with values as B factors
- `scripts`: PyMOL and ChimeraX
- `script_picture`: what both show, checked
- `pages`: pages that open offline
- `predicted`: predicted sites
- `receptor_set`: a set of receptors
- `readouts`: embeddings, probabilities and contacts of one protein
- `state_changes`: how much each layer changes each residue, as a table
- `variants`: what changes in the heads from a wild type to a variant
- `attention`: the attention of a kept run as arrays
- `heads`: what the heads of a model look at
- `layers`: which layer for which property
- `networks`: a residue interaction network as tables and GraphML
- `ablation`: what a model loses without heads
- `pairs`: importance of the tokens of a model of pairs, and coverage
- `couplings`: G protein families of a receptor, and its stretches
- `folds`: folds of a protein, and the residues of one, as tables
- `batch`: a batch
- `bundle`: one ZIP of all
"""

from allo_core.export.batch import batch_heads_csv, batch_record, batch_sequences_csv
from allo_core.export.bundle import bundle
from allo_core.export.coloured import COLOURED_FILE, coloured_structure
from allo_core.export.facts import head_facts, structure_facts
from allo_core.export.pages import figure_page, structure_page
from allo_core.export.predicted import predicted_csv
from allo_core.export.receptor_set import consensus_csv, members_csv, receptors_csv, set_asked, set_found, set_record
from allo_core.export.record import run_record
from allo_core.export.scripts import chimerax_script, pymol_script
from allo_core.export.tables import printable, scores_csv, table_of_heads

__all__ = [
    "COLOURED_FILE",
    "batch_heads_csv",
    "batch_record",
    "batch_sequences_csv",
    "bundle",
    "chimerax_script",
    "coloured_structure",
    "consensus_csv",
    "figure_page",
    "head_facts",
    "members_csv",
    "predicted_csv",
    "printable",
    "pymol_script",
    "receptors_csv",
    "run_record",
    "scores_csv",
    "set_asked",
    "set_found",
    "set_record",
    "structure_facts",
    "structure_page",
    "table_of_heads",
]
