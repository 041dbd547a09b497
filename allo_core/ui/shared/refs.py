"""What links and views call proteins, structures and kept inputs: which kind a name is of is told here and nowhere else."""

import re
from dataclasses import dataclass
from typing import Literal, Self, cast

from allo_core.library.predicted import identifier_of

__all__ = ["InputKind", "ProteinRef", "StructureRef", "input_kind"]

InputKind = Literal["sequence", "structure", "table", "folder", "frozen"]
_PART = re.compile(r"([^:]{1,40}):([0-9]{1,5})-([0-9]{1,5})")
_KEY = re.compile(r"(sequence|structure|table|folder|frozen)-[0-9a-f]{20}")


def input_kind(text: str) -> InputKind | None:
    """The kind of the kept input that has this key (`inputs`); None where the text is no key."""
    match = _KEY.fullmatch(text)
    return None if match is None else cast(InputKind, match[1])


@dataclass(frozen=True)
class ProteinRef:
    """Which protein is meant.

    Parameters
    ----------
    kind : {"receptor", "part", "kept"}
        A receptor of the library, a part of one, or a sequence that was given here.
    id : str
        Entry name ("AA2AR"), entry name and residues ("GRM5:550-863"), or key of the kept sequence, as links hold it.
    """

    kind: Literal["receptor", "part", "kept"]
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The protein that a link means; whether there is one is found when it is read."""
        if input_kind(text) is not None:
            return cls("kept", text)
        return cls("part" if _PART.fullmatch(text) else "receptor", text)

    @property
    def part(self) -> tuple[str, int, int]:
        """Entry name, first and last residue (UniProt numbers) of a part; ValueError where it is none."""
        match = _PART.fullmatch(self.id)
        if match is None:
            raise ValueError(f"{self.id!r} is no part of a receptor")
        return match[1], int(match[2]), int(match[3])


@dataclass(frozen=True)
class StructureRef:
    """Which structure is meant.

    Parameters
    ----------
    kind : {"entry", "alphafold", "upload", "fold"}
        An entry of the PDB that ships with the app or was fetched, a model of the AlphaFold database, a file that was given here, or a fold
        that is drawn of the protein in view.
    id : str
        PDB code ("8FYN"), name of the model ("AF-P29274-F1"), key of the kept file or name of the fold ("fold-family-active"), as links
        hold it.
    """

    kind: Literal["entry", "alphafold", "upload", "fold"]
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The structure that a link means; whether there is one is found when it is read."""
        if input_kind(text) is not None:
            return cls("upload", text)
        if text.startswith("fold-"):
            return cls("fold", text)
        return cls("alphafold" if text.startswith("AF-") else "entry", text)

    @classmethod
    def model_of(cls, accession: str) -> Self:
        """The model that the AlphaFold database has of a UniProt accession."""
        return cls("alphafold", identifier_of(accession))
