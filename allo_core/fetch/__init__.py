"""What comes from the network, fetched once and kept: sequences and structures by identifier, sites computed from them, and 3Dmol.js.

- `identifiers`: what a person typed
- `sources`: the three databases
- `sequences`: a protein by accession
- `structures`: a structure by code
- `site_entries`: entries for computing sites, from a folder, at hand or from the PDB
- `site_build`: sites by one rule, and how they differ from the shipped lists
- `kept`: fetched files in the cache
- `three_d_mol`: 3Dmol.js for the viewer, fetched once at first start
"""

from allo_core.fetch.identifiers import Identifier, identify
from allo_core.fetch.sequences import fetch_sequence
from allo_core.fetch.structures import Fetched, fetch_structure, fetched_structure
from allo_core.storage.transfer import Patience

__all__ = ["Fetched", "Identifier", "Patience", "fetch_sequence", "fetch_structure", "fetched_structure", "identify"]
