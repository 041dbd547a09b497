"""Entries of the wwPDB in which a modulator is bound to a receptor: from these, sites are computed by one rule.

The list that ships, allo_core/data/modulators.json, is written by ``python -m allo_core.library.build``; its first part is GPCRdb's
(CC BY 4.0).  It holds no residues.
"""

import json
from dataclasses import dataclass
from functools import cache

from allo_core.library.receptors import DATA

__all__ = ["GPCRDB", "BoundModulator", "bound_modulators"]

GPCRDB = "GPCRdb, CC BY 4.0"
_PUBLICATIONS = "the structure's publication"


@dataclass(frozen=True)
class BoundModulator:
    """A modulator in an entry.

    Parameters
    ----------
    receptor : str
        Entry name of the library.
    pdb : str
    ligand : str
        A component of the wwPDB ("2CU"), or chains ("pep(C)").
    kind : {"allosteric", "orthosteric", "transducer"}
        What the site is then called.
    role : str
        What the modulator does: "PAM", "NAM", "Allosteric agonist".
    modulator : str
        Its usual name, "" where none is known.
    note : str
        What to know of the entry.
    annotated_by : str
        Who says that this ligand has this role.
    """

    receptor: str
    pdb: str
    ligand: str
    kind: str
    role: str
    modulator: str
    note: str
    annotated_by: str


@cache
def bound_modulators() -> tuple[BoundModulator, ...]:
    """The list that ships, GPCRdb's part first."""
    content = json.loads((DATA / "modulators.json").read_text(encoding="utf-8"))
    return tuple(
        BoundModulator(**dict(zip(content["columns"], row, strict=True)), annotated_by=who)
        for part, who in (("gpcrdb", GPCRDB), ("publications", _PUBLICATIONS))
        for row in content[part]["rows"]
    )
