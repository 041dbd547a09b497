"""What the 3D viewer shows: the receptor upright, in UniProt numbers, with its ligands and the proteins that touch it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from biotite.structure import AtomArray

from allo_core.errors import StructureError
from allo_core.protein.sequence import Protein
from allo_core.structure.confidence import LOW_CONFIDENCE, plddt
from allo_core.structure.mapping import StructureMap
from allo_core.structure.orient import HelixEnds, Placement, helix_ends, upright
from allo_core.structure.parts import Parts, scene_parts
from allo_core.structure.pdbtext import MOST_LINES, NUMBERS, AtomRows, pdb_text, plain
from allo_core.structure.polymer import ResidueTable, is_heavy
from allo_core.structure.read import Structure
from allo_core.structure.style import LIGAND_CHAIN, RECEPTOR_CHAIN

__all__ = ["LIGAND_CHAIN", "RECEPTOR_CHAIN", "Ligand", "Partner", "Scene", "build_scene", "compact"]

_PARTNER_CHAINS = "ABCDEFGHIJKLMNOPQSTUVWXYabcdefghijklmnopqrstuvwxyz0123456789"
_MOST_LIGANDS = 2000  # a lipid bilayer shows about 100 around a receptor; more is water under another name, or a file made to hurt
_LARGEST_SCENE = 999.0  # Å from the middle of the receptor, what the columns of the PDB format hold


@dataclass(frozen=True)
class Ligand:
    """A ligand, lipid, sugar or ion; ``label`` is its component id, ``chain`` and ``number`` are those in the scene."""

    label: str
    chain: str
    number: int
    n_atoms: int
    is_ion: bool


@dataclass(frozen=True)
class Partner:
    """A protein or nucleic acid that touches the receptor: its chain in the scene, the author's chain, and its residues.

    ``is_copy`` says that it is the receptor once more, as a neighbour in the crystal or a second one of a dimer.
    """

    chain: str
    author_chain: str
    n_residues: int
    is_copy: bool = False


@dataclass(frozen=True)
class Scene:
    """A structure as the viewer needs it.

    Parameters
    ----------
    pdb : str
        PDB text without hydrogens and waters: the receptor is chain R in UniProt numbers, ligands are chain Z, counted from 1,
        partners have other letters.  The receptor stands upright around the origin.
    id : str
        sha256 of ``pdb``, hexadecimal.
    ligands : tuple of Ligand
    partners : tuple of Partner
    shown : tuple of int
        UniProt numbers of the residues present.
    fusion_residues : int
        Residues of the receptor's own chain that are left out: fusion proteins, tags, linkers.
    placement : Placement
        The motion from the coordinates of the file to those of the scene.
    notes : tuple of str
        What had to be left out because of its size.
    helices : tuple of HelixEnds
        Ends of the transmembrane helices in the scene's coordinates; empty where no segments are known.
    uncertain : tuple of int
        UniProt numbers of the residues of a prediction with a pLDDT below 50, which are drawn thin and grey.
    trace : bool
        Whether it is a CA trace: ribbons need more atoms, so a tube runs from CA to CA.
    """

    pdb: str
    id: str
    ligands: tuple[Ligand, ...]
    partners: tuple[Partner, ...]
    shown: tuple[int, ...]
    fusion_residues: int
    placement: Placement = field(compare=False)
    notes: tuple[str, ...] = ()
    helices: tuple[HelixEnds, ...] = field(default=(), compare=False)
    uncertain: tuple[int, ...] = ()
    trace: bool = False


def build_scene(
    structure: Structure,
    mapping: StructureMap,
    protein: Protein,
    segments: Sequence[str] | None = None,
    placement: Placement | None = None,
) -> Scene:
    """Arrange a mapped structure for the viewer.

    Parameters
    ----------
    structure, mapping, protein
        ``mapping`` is ``map_structure(structure, protein)``.
    segments : sequence of str, length L, optional
        Segment of each residue ("TM1", ...), by which the receptor is stood upright; without them by its shape.
    placement : Placement, optional
        How it stands instead, such as on another receptor (`allo_core.structure.superpose`).

    Raises
    ------
    StructureError
        If the receptor's numbers or the coordinates do not fit the PDB format.
    """
    parts, ligand_notes = _with_fewer_ligands(scene_parts(structure, mapping), structure)
    table = parts.table
    ca = np.full((len(protein), 3), np.nan)
    ca[parts.index[parts.receptor]] = table.ca[parts.receptor]
    placement = placement or upright(ca, segments)
    kept = _Kept(structure.atoms, parts, placement)
    _check_range(structure, kept, protein, parts)
    ligand_rows, ligands = _ligands(kept, parts)
    partner_rows, partners, notes = _partners(kept, parts, mapping.copies)
    chains, n_partners, more_notes = _that_fit([_receptor(kept, parts, protein), ligand_rows], partner_rows, structure)
    text = pdb_text(chains)
    own = table.polymer & (table.chain == mapping.chain)
    return Scene(
        pdb=text,
        id=hashlib.sha256(text.encode()).hexdigest(),
        ligands=ligands,
        partners=partners[:n_partners],
        shown=tuple(protein.number(index) for index in sorted(mapping.index_of.values())),
        fusion_residues=int((own & ~parts.receptor & ~table.cap).sum()),
        placement=placement,
        notes=ligand_notes + notes + more_notes,
        helices=() if segments is None else tuple(helix_ends(placement.apply(ca), segments)),
        uncertain=_uncertain(structure, mapping, protein),
        trace=structure.trace,
    )


def _uncertain(structure: Structure, mapping: StructureMap, protein: Protein) -> tuple[int, ...]:
    confidence = plddt(structure, mapping, len(protein))
    return () if confidence is None else tuple(protein.number(int(index)) for index in np.flatnonzero(confidence < LOW_CONFIDENCE))


def compact(structure: Structure, mapping: StructureMap) -> AtomArray:
    """The atoms that a scene needs, with the authors' chains, numbers and coordinates.

    Written to a file and read again they give the same mapping and the same scene.
    """
    return structure.atoms[_mask(structure.atoms, scene_parts(structure, mapping))]


def _with_fewer_ligands(parts: Parts, structure: Structure) -> tuple[Parts, tuple[str, ...]]:
    """No more ligands than a list can offer and the numbers of one chain can count: the first ones of the file."""
    number = np.cumsum(parts.ligand)
    if not len(number) or number[-1] <= _MOST_LIGANDS:
        return parts, ()
    note = f"{structure.name} has {number[-1]:,} ligands at the receptor; the first {_MOST_LIGANDS:,} are shown."
    return replace(parts, ligand=parts.ligand & (number <= _MOST_LIGANDS)), (note,)


def _mask(atoms: AtomArray, parts: Parts) -> np.ndarray:
    """Mask of the atoms that a scene holds."""
    return parts.table.atoms_of(parts.receptor | parts.ligand | parts.partner) & is_heavy(atoms)


class _Kept:
    """The atoms of a scene, their moved coordinates, and the row of their residue in the table."""

    def __init__(self, atoms: AtomArray, parts: Parts, placement: Placement):
        mask = _mask(atoms, parts)
        self.atoms = atoms[mask]
        self.coordinates = placement.apply(self.atoms.coord)
        self.row = np.repeat(np.arange(len(parts.table)), np.diff(parts.table.starts))[mask]

    def rows(self, rows: np.ndarray, chain: str, number: np.ndarray, insertion: np.ndarray | None = None, hetero: bool = False) -> AtomRows:
        """The atoms of the residues in the mask ``rows`` [R] as one chain; ``number`` and ``insertion`` [R] are those in the scene."""
        chosen = rows[self.row]
        atoms, row = self.atoms[chosen], self.row[chosen]
        codes = np.full(len(row), "") if insertion is None else insertion[row]
        return AtomRows(chain, hetero, number[row], codes, atoms.res_name, atoms.atom_name, atoms.element, self.coordinates[chosen])


def _check_range(structure: Structure, kept: _Kept, protein: Protein, parts: Parts) -> None:
    farthest = np.abs(kept.coordinates).max()
    if farthest > _LARGEST_SCENE:
        raise StructureError(
            f"{structure.name} reaches {farthest:.0f} Å from the receptor's middle, and {_LARGEST_SCENE:.0f} Å can be shown; "
            "remove the chains and ligands far away."
        )
    last = protein.number(int(parts.index.max()))
    if last not in NUMBERS or protein.number(0) not in NUMBERS:
        raise StructureError(
            f"Residue number {last} of {protein.name} cannot be shown, the viewer's format ends at {NUMBERS[-1]}; crop the protein."
        )


def _receptor(kept: _Kept, parts: Parts, protein: Protein) -> AtomRows:
    return kept.rows(parts.receptor, RECEPTOR_CHAIN, parts.index + protein.first)


def _ligands(kept: _Kept, parts: Parts) -> tuple[AtomRows, tuple[Ligand, ...]]:
    number = np.cumsum(parts.ligand)
    atoms = kept.rows(parts.ligand, LIGAND_CHAIN, number, hetero=True)
    sizes = np.bincount(kept.row, minlength=len(parts.table))
    ligands = tuple(
        Ligand(
            plain(str(parts.table.name[row]), 5, "UNK"),
            LIGAND_CHAIN,
            int(number[row]),
            int(sizes[row]),
            bool(parts.ion[row]),
        )
        for row in np.flatnonzero(parts.ligand)
    )
    return atoms, ligands


def _partners(kept: _Kept, parts: Parts, copies: tuple[str, ...]) -> tuple[list[AtomRows], tuple[Partner, ...], tuple[str, ...]]:
    table = parts.table
    names, first = np.unique(table.chain[parts.partner], return_index=True)
    authors = [str(name) for name in names[np.argsort(first)]]
    letters = _letters(authors)
    chains, partners = [], []
    for author in authors:
        rows = parts.partner & (table.chain == author)
        if author in letters and rows.sum() < NUMBERS.stop:
            chains.append(kept.rows(rows, letters[author], *_partner_numbers(table, rows)))
            partners.append(Partner(letters[author], author, int(rows.sum()), author in copies))
    left_out = len(authors) - len(partners)
    notes = (f"{left_out} of {len(authors)} partner chains are not shown: the viewer's format has no room for them.",) if left_out else ()
    return chains, tuple(partners), notes


def _letters(authors: list[str]) -> dict[str, str]:
    """A letter for each chain: its own where it has one, as long as there are letters."""
    letters = {author: author for author in authors if author in _PARTNER_CHAINS and len(author) == 1}
    free = [letter for letter in _PARTNER_CHAINS if letter not in letters]
    return letters | dict(zip([author for author in authors if author not in letters], free, strict=False))


def _partner_numbers(table: ResidueTable, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The authors' numbers and insertion codes [R], or a plain count where those do not fit or are not unique."""
    number, insertion = table.number[rows], table.insertion[rows]
    pairs = set(zip(number.tolist(), insertion.tolist(), strict=True))
    codes_fit = all(code == plain(code, 1, "") for code in set(insertion.tolist()))
    if codes_fit and len(pairs) == rows.sum() and number.min() in NUMBERS and number.max() in NUMBERS:
        return table.number, table.insertion
    return np.cumsum(rows), np.full(len(rows), "")


def _that_fit(always: list[AtomRows], partners: list[AtomRows], structure: Structure) -> tuple[list[AtomRows], int, tuple[str, ...]]:
    """The chains that fit the PDB format, how many of them are partners, and what had to be left out."""
    if _n_lines(always + partners) <= MOST_LINES:
        return always + partners, len(partners), ()
    traces = [partner.only(np.isin(partner.atom, ("CA", "P"))) for partner in partners]
    if _n_lines(always + traces) <= MOST_LINES:
        return (
            always + traces,
            len(partners),
            (f"The partner chains of {structure.name} are shown by their CA atoms only: it has too many atoms.",),
        )
    if _n_lines(always) <= MOST_LINES and always[1].number.max(initial=0) in NUMBERS:
        return always, 0, (f"The partner chains of {structure.name} are not shown: it has too many atoms.",)
    raise StructureError(
        f"The receptor and the ligands of {structure.name} have {_n_lines(always)} atoms, {MOST_LINES} can be shown; remove some."
    )


def _n_lines(chains: list[AtomRows]) -> int:
    return sum(len(chain) + 1 for chain in chains)
