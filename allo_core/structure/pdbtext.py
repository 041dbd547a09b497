"""PDB text with fields that cannot overflow and hold nothing but letters and digits."""

import re
from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_LINES", "NUMBERS", "AtomRows", "pdb_text", "plain"]

# What the fixed columns of the PDB format hold (wwPDB format 3.3, ATOM records).
MOST_LINES = 99_999
NUMBERS = range(-999, 10_000)
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]")
# Primes and asterisks are part of atom names of sugars.
_NOT_ATOM_NAME = re.compile(r"[^A-Za-z0-9'*]")


@dataclass(frozen=True)
class AtomRows:
    """The n atoms of one chain of a PDB text; all arrays have the length n.

    ``insertion`` is one letter or "", ``coordinates`` is [n, 3] in Å.
    """

    chain: str
    hetero: bool
    number: np.ndarray
    insertion: np.ndarray
    residue: np.ndarray
    atom: np.ndarray
    element: np.ndarray
    coordinates: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def only(self, mask: np.ndarray) -> "AtomRows":
        """The atoms that the mask [n] selects."""
        fields = (self.number, self.insertion, self.residue, self.atom, self.element, self.coordinates)
        return AtomRows(self.chain, self.hetero, *(values[mask] for values in fields))


def plain(text: str, length: int, otherwise: str) -> str:
    """Letters and digits of a name from outside, at most ``length`` of them, or ``otherwise`` if none are left."""
    return _NOT_PLAIN.sub("", text)[:length] or otherwise


def pdb_text(chains: list[AtomRows]) -> str:
    """PDB text of some chains, each closed by TER.

    Raises
    ------
    ValueError
        If a number, a coordinate or the number of lines does not fit its columns.
    """
    if sum(len(chain) + 1 for chain in chains) > MOST_LINES:
        raise ValueError("too many atoms for the PDB format")
    lines: list[str] = []
    for chain in chains:
        lines += _chain_lines(chain, len(lines) + 1)
    return "\n".join([*lines, "END", ""])


def _chain_lines(chain: AtomRows, serial: int) -> list[str]:
    if not len(chain):
        return []
    if chain.number.min() < NUMBERS.start or chain.number.max() >= NUMBERS.stop or np.abs(chain.coordinates).max() >= 999.9995:
        raise ValueError("a residue number or a coordinate is too large for the PDB format")
    record = "HETATM" if chain.hetero else "ATOM  "
    residues = {name: plain(name, 3, "UNK").rjust(3) for name in np.unique(chain.residue).tolist()}
    elements = {name: plain(name, 2, "").upper() for name in np.unique(chain.element).tolist()}
    # Adding 0.0 turns -0.0 into 0.0.
    points = (np.round(chain.coordinates, 3) + 0.0).tolist()
    columns = (chain.atom.tolist(), chain.residue.tolist(), chain.number.tolist(), chain.insertion.tolist(), chain.element.tolist(), points)
    lines = [
        f"{record}{count:5d} {_atom_name(atom, elements[element])} {residues[residue]} {chain.chain}{number:4d}{code or ' '}   "
        f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          {elements[element]:>2s}  "
        for count, (atom, residue, number, code, element, (x, y, z)) in enumerate(zip(*columns, strict=True), serial)
    ]
    lines.append(
        f"TER   {serial + len(lines):5d}      {residues[chain.residue[-1]]} {chain.chain}{chain.number[-1]:4d}{chain.insertion[-1]}".ljust(
            80
        )
    )
    return lines


def _atom_name(name: str, element: str) -> str:
    """Four columns; names of one-letter elements begin in the second, so that CA is no calcium."""
    name = _NOT_ATOM_NAME.sub("", name)[:4] or "X"
    return f" {name:<3s}" if len(element) < 2 and len(name) < 4 else f"{name:<4s}"
