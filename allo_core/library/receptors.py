"""The receptors, numbers, sites and structures that ship with the app.

The files under allo_core/data are written by ``python -m allo_core.library.build``, where the sources are named.
"""

import difflib
import gzip
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import LibraryError, ResidueError
from allo_core.protein.alignment import FEWEST_ALIGNED, align, aligned_identity
from allo_core.protein.residues import ResidueNumbers, ballesteros_weinstein, parse_residues
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # reading structures needs biotite, which is slow to import
    from allo_core.structure.read import Structure

__all__ = [
    "NEAREST_IDENTITY",
    "SODIUM_POCKET",
    "Receptor",
    "ShippedStructure",
    "Site",
    "find_receptor",
    "find_site",
    "numbers_for",
    "receptors",
    "seven_tm_domain",
    "shipped_structure",
    "shipped_structures",
    "site_indices",
]

DATA = Path(__file__).resolve().parents[1] / "data"

# The class A sodium pocket, 16 positions: Katritch et al., Trends Biochem. Sci. 39, 233 (2014).
SODIUM_POCKET = "1x50 1x53 2x46 2x47 2x49 2x50 3x35 3x39 3x43 6x44 6x48 7x45 7x46 7x49 7x50 7x53".split()

NEAREST_IDENTITY = 0.9  # numbers are taken from a library receptor at this identity or more
_WORD = 5  # residues in a word of the search for the nearest receptor
_FLANK = 30  # residues kept on either side of the seven helices


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


@dataclass(frozen=True)
class ShippedStructure:
    """A structure file of the library; it keeps the numbers and coordinates of the PDB entry.

    ``state`` is "active" or "inactive", ``species`` that of the receptor, ``fusion`` the protein fused to it ("" if none), and ``partners``
    says what the author's chains that touch it are.
    """

    entry: str
    receptor: str
    description: str
    title: str
    chain: str
    state: str
    species: str
    fusion: str
    partners: dict[str, str] = field(hash=False)

    @property
    def path(self) -> Path:
        return DATA / "structures" / f"{self.entry}.cif.gz"

    def described(self, structure: "Structure") -> "Structure":
        """The structure as read from `path`, which holds coordinates alone, or from the whole entry: with its entry, title and partners."""
        return replace(structure, entry=self.entry, title=self.title, molecules=structure.molecules | self.partners)


@dataclass(frozen=True)
class Receptor:
    """One human GPCR of the library (UniProt entry name without its species, as in AA2AR)."""

    entry: str
    accession: str
    name: str
    receptor_class: str
    protein: Protein
    sites: tuple[Site, ...] = field(repr=False)

    @property
    def numbers(self) -> ResidueNumbers | None:
        """Segments and generic numbers; None where the sources disagree on the sequence or give no number."""
        return _numbers(self.entry)


def receptors() -> dict[str, Receptor]:
    """All receptors by entry name."""
    return _library()


def shipped_structures(entry: str) -> tuple[ShippedStructure, ...]:
    """The structures of one receptor that ship with the app."""
    return tuple(structure for structure in _structures() if structure.receptor == entry)


def shipped_structure(entry: str) -> ShippedStructure:
    """The shipped structure with this PDB entry; LibraryError with those there are."""
    for structure in _structures():
        if structure.entry == entry.upper():
            return structure
    raise LibraryError(f"{entry[:20]!r} does not ship with the app; {', '.join(s.entry for s in _structures())} do.")


def find_receptor(text: str) -> Receptor:
    """The receptor with this entry name (AA2AR, AA2AR_HUMAN) or UniProt accession (P29274).

    Raises
    ------
    LibraryError
        With the nearest entry names.
    """
    wanted = text.strip().upper().removesuffix("_HUMAN")
    by_entry = receptors()
    if wanted in by_entry:
        return by_entry[wanted]
    for receptor in by_entry.values():
        if receptor.accession == wanted:
            return receptor
    near = difflib.get_close_matches(wanted, by_entry, n=3, cutoff=0.5)
    words = [r.entry for r in by_entry.values() if wanted and wanted in r.name.upper()][:3]
    hint = f"; near it: {', '.join(words or near)}" if words or near else ""
    raise LibraryError(f"{text.strip()[:40]!r} is not among the {len(by_entry)} receptors of the library{hint}.")


def find_site(receptor: Receptor, name: str) -> Site:
    """The site of this receptor with this name (in any case); LibraryError with the names it has."""
    for site in receptor.sites:
        if site.name.lower() == name.strip().lower():
            return site
    names = ", ".join(site.name for site in receptor.sites) or "none"
    raise LibraryError(f"{receptor.entry} has no site {name.strip()[:60]!r} in the library; its sites: {names}.")


@lru_cache(maxsize=64)
def numbers_for(protein: Protein, least: float = NEAREST_IDENTITY) -> ResidueNumbers | None:
    """Generic numbers for any sequence: its own, or those of the nearest library receptor at an identity of ``least`` or more.

    ``numbers.receptor`` and ``numbers.identity`` say where they come from.  None where no receptor is near enough.
    """
    for entry in _numbered():
        whole = receptors()[entry].protein.sequence
        start = whole.find(protein.sequence)
        if whole == protein.sequence or (start >= 0 and len(protein) >= FEWEST_ALIGNED):
            return _numbers(entry).crop(start, start + len(protein))
    candidates = [_aligned(protein.sequence, entry) for entry in _nearest(protein.sequence)]
    pairs, identity, entry = max(candidates, key=lambda item: (item[1] >= least, len(item[0])), default=({}, 0.0, ""))
    if identity < least or len(pairs) < FEWEST_ALIGNED:
        return None
    return _numbers(entry).take([pairs.get(index) for index in range(len(protein))], identity)


def site_indices(site: Site, protein: Protein, numbers: ResidueNumbers | None) -> tuple[int, ...]:
    """The residues of a library site in a protein, 0-based: a receptor, a part or a construct of it.

    ``numbers`` are those of the protein; they say which receptor the site is numbered in and which residue stands for which.

    Raises
    ------
    ResidueError
        A residue of the site is not in the protein.
    """
    if numbers is None:
        return parse_residues(site.residues, protein)
    receptor = receptors()[numbers.receptor]
    place = {origin: index for index, origin in enumerate(numbers.origin) if origin is not None}
    there = parse_residues(site.residues, receptor.protein, receptor.numbers)
    missing = [receptor.protein.label(index) for index in there if index not in place]
    if missing:
        raise ResidueError(f"{site.name}: {', '.join(missing)} of {receptor.entry} is not in {protein.name}.")
    return tuple(sorted(place[index] for index in there))


def seven_tm_domain(protein: Protein, numbers: ResidueNumbers | None) -> Protein | None:
    """The domain from 30 residues before TM1 to 30 behind H8 (TM7 where there is no H8), in UniProt numbering."""
    if numbers is None:
        return None
    first = [index for index, name in enumerate(numbers.segment) if name == "TM1"]
    last = [index for index, name in enumerate(numbers.segment) if name in ("TM7", "H8")]
    if not first or not last:
        return None
    start, stop = max(first[0] - _FLANK, 0), min(last[-1] + _FLANK, len(protein) - 1)
    return protein.crop(protein.number(start), protein.number(stop))


@cache
def _raw() -> dict:
    return json.loads(gzip.decompress((DATA / "receptors.json.gz").read_bytes()))


@cache
def _rows() -> dict[str, dict]:
    return {row["entry"]: row for row in _raw()["receptors"]}


@cache
def _structures() -> tuple[ShippedStructure, ...]:
    return tuple(ShippedStructure(**row) for row in json.loads((DATA / "structures.json").read_text(encoding="utf-8")))


@cache
def _library() -> dict[str, Receptor]:
    sites: dict[str, list[Site]] = {}
    for row in json.loads((DATA / "sites.json").read_text(encoding="utf-8")):
        sites.setdefault(row.pop("receptor"), []).append(Site(**row))
    return {
        row["entry"]: Receptor(
            row["entry"],
            row["accession"],
            row["name"],
            row["class"],
            Protein(row["entry"], row["sequence"]),
            _sodium_pocket(row) + tuple(sites.get(row["entry"], ())),
        )
        for row in _rows().values()
    }


def _sodium_pocket(row: dict) -> tuple[Site, ...]:
    if row["class"] != "A" or not set(SODIUM_POCKET) <= set(row.get("gpcrdb", "").split()):
        return ()
    return (
        Site(
            "sodium pocket",
            "allosteric",
            "the 16 class A positions; not every class A receptor binds sodium",
            " ".join(SODIUM_POCKET),
            modulator="Na+",
            source="Katritch et al. 2014",
        ),
    )


@cache
def _numbers(entry: str) -> ResidueNumbers | None:
    row = _rows()[entry]
    if not row.get("gpcrdb", "").strip("- "):
        return None
    segment = tuple("" if name == "-" else name for name in chain.from_iterable(repeat(name, count) for name, count in row["segment"]))
    gpcrdb = tuple("" if number == "-" else number for number in row["gpcrdb"].split())
    family = _raw()["family_conservation"][row["class"]] if any(gpcrdb) else {}
    return ResidueNumbers(
        entry,
        row["class"],
        1.0,
        tuple(range(len(segment))),
        segment,
        gpcrdb,
        ballesteros_weinstein(segment, gpcrdb),
        np.array([family.get(number, np.nan) for number in gpcrdb], dtype=float),
        np.array([np.nan if value is None else value / 100 for value in row["ortholog_percent"]], dtype=float),
    )


@cache
def _numbered() -> tuple[str, ...]:
    return tuple(entry for entry in _rows() if _numbers(entry) is not None)


@cache
def _words() -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for entry in _numbered():
        sequence = _rows()[entry]["sequence"]
        for word in {sequence[i : i + _WORD] for i in range(len(sequence) - _WORD + 1)}:
            index.setdefault(word, []).append(entry)
    return index


def _nearest(sequence: str, most: int = 3) -> list[str]:
    votes = Counter(entry for i in range(len(sequence) - _WORD + 1) for entry in _words().get(sequence[i : i + _WORD], ()))
    return [entry for entry, _ in votes.most_common(most)]


def _aligned(sequence: str, entry: str) -> tuple[dict[int, int], float, str]:
    """Local alignment with a receptor: index -> index there, share of identical residues, the entry."""
    other = _rows()[entry]["sequence"]
    _, pairs = align(sequence, other)
    return dict(pairs.tolist()), aligned_identity(sequence, other, pairs), entry
