"""Which residues touch in one structure of each receptor that has any: what predicted contacts are chosen on and compared with."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.library.receptors import DATA

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Integer

__all__ = ["CONTACTS", "KnownContacts", "known_contacts"]

CONTACTS = "contacts.npz"


@dataclass(frozen=True, eq=False)
class KnownContacts:
    """The contacts of a receptor in one wwPDB entry, at least six residues apart along the chain; residues are 0-based.

    Parameters
    ----------
    receptor, entry : str
        UniProt entry name as in AA2AR; PDB entry.
    resolved : ndarray, shape=(n,)
        Residues that have a position.
    first, second : ndarray, shape=(m,)
        Pairs whose CB atoms (CA of glycine) are less than 8 Å apart, first < second.
    """

    receptor: str
    entry: str
    resolved: "Integer[np.ndarray, ' n']"
    first: "Integer[np.ndarray, ' m']"
    second: "Integer[np.ndarray, ' m']"

    def map(self, length: int) -> "Bool[np.ndarray, 'L L']":
        """The contacts as a symmetric map."""
        found = np.zeros((length, length), dtype=bool)
        found[self.first, self.second] = found[self.second, self.first] = True
        return found


@cache
def known_contacts() -> dict[str, KnownContacts]:
    """Contacts by entry name of the receptor."""
    with np.load(DATA / CONTACTS, allow_pickle=False) as file:
        source = {name: file[name] for name in file.files}
    found = {}
    for k, (receptor, entry) in enumerate(zip(source["receptor"].tolist(), source["entry"].tolist(), strict=True)):
        resolved = source["resolved"][slice(*source["resolved_offset"][k : k + 2])].astype(np.int64)
        pairs = slice(*source["pair_offset"][k : k + 2])
        found[receptor] = KnownContacts(
            receptor, entry, resolved, source["first"][pairs].astype(np.int64), source["second"][pairs].astype(np.int64)
        )
    return found
