"""A site of the library: a named set of residues."""

from dataclasses import dataclass

__all__ = ["Site"]


@dataclass(frozen=True)
class Site:
    """A named set of residues: ``residues`` is text that `parse_residues` reads, in UniProt or generic numbers."""

    name: str
    kind: str
    evidence: str
    residues: str
    modulation: str = ""
    modulator: str = ""
    pdb: str = ""
    source: str = ""
