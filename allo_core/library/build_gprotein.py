"""Write the positions that touch a G protein: generic numbers of residues in contact with the alpha subunit in complexes with Gs.

The entries (wwPDB, CC0) lie in the source folder as structures/*.pdb.gz; chains are those of the alpha subunits: 3SN6, Gs (Rasmussen et al.
2011), and 5G53, mini-Gs (Carpenter et al. 2016).
"""

import json
from pathlib import Path

from allo_core.library.gprotein import CONTACTS
from allo_core.library.receptors import find_receptor
from allo_core.structure.modulator import Modulator, modulator_contacts
from allo_core.structure.read import read_structure

__all__ = ["write_gprotein_contacts"]

_CUTOFF = 4.5  # Å between heavy atoms
_COMPLEXES = (("3SN6", "ADRB2", "pep(A)"), ("5G53", "AA2AR", "pep(C,D)"))


def write_gprotein_contacts(source: Path, target: Path) -> int:
    """Write the file; returns how many positions there are.

    Parameters
    ----------
    source : Path
        The folder of the structures.
    target : Path
        The folder of the file.
    """
    rows = []
    for entry, name, chains in _COMPLEXES:
        receptor = find_receptor(name)
        if receptor.numbers is None:
            raise SystemExit(f"{name} has no generic numbers")
        contacts = modulator_contacts(read_structure(source / f"{entry}.pdb.gz"), receptor.protein, Modulator.parse(chains), _CUTOFF)
        numbers = [receptor.numbers.gpcrdb[index] for index in contacts.residues]
        rows.append({"entry": entry, "receptor": name, "numbers": [number for number in numbers if number]})
    content = {"cutoff": _CUTOFF, "complexes": rows}
    (target / CONTACTS).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return len({number for row in rows for number in row["numbers"]})
