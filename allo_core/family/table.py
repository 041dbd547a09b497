"""A set of receptors as a table: one row a receptor, with the residues that are asked about in it."""

from collections.abc import Iterator
from dataclasses import replace

from allo_core.errors import AlloScopeError, LibraryError, ScoreError, SequenceError
from allo_core.family.members import Member, ReceptorSet, Refused, parse_positions, positions_title
from allo_core.library.nearest import NEAREST_IDENTITY, numbers_for
from allo_core.library.receptors import SODIUM_POCKET, find_receptor
from allo_core.library.sites import residues_of
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein, parse_protein
from allo_core.storage.spreadsheet import read_rows

__all__ = ["MOST_ROWS", "read_set"]

MOST_ROWS = 5_000
_NAMES = {"receptor": "receptor", "entry": "receptor", "accession": "receptor", "sequence": "sequence", "name": "name"}
_NAMES |= {"residues": "residues", "sites": "residues", "site": "residues", "positions": "residues"}


def read_set(text: str, title: str = "receptors of the table") -> ReceptorSet:
    """Read a CSV, semicolon or tab separated table.

    Its header names a column ``receptor`` (entry name or accession of the library) or ``sequence``, and a column ``residues``: UniProt
    numbers (``D52 S91``), GPCRdb numbers (``2x50``) or the name of a library site.  A column ``name`` is optional.  A row that cannot be
    read is reported by its row in a spreadsheet (the header is row 1, blank rows count) and the others go on; so is a second row of one
    sequence.  Where every row asks about the same generic positions, the set is one of positions.

    Raises
    ------
    ScoreError
        No header, a column is missing or there twice, more than 5,000 rows, or no row that can be read (with the first reason).
    """
    members: list[Member] = []
    refused: list[Refused] = []
    asked: list[tuple[str, ...]] = []
    seen: dict[str, tuple[int, tuple[int, ...]]] = {}
    receptor_class = ""
    for number, row in _rows(text):
        label = f"row {number} ({_shortened(row.get('receptor') or row.get('name') or 'a sequence')})"
        try:
            member = _member(row, number)
            first, sites = seen.get(member.protein.sequence, (number, member.sites))
            if sites != member.sites:
                raise ScoreError(f"it is the receptor of row {first} with other residues; put all of them into one row")
            if first != number:
                raise ScoreError(f"it repeats row {first}")
            positions = _positions(row["residues"])
            if positions:
                receptor_class = receptor_class or member.numbered.receptor_class
                _check_class(member, receptor_class)
        except AlloScopeError as error:
            refused.append(Refused(label, str(error)))
            continue
        seen[member.protein.sequence] = number, member.sites
        members.append(member)
        asked.append(positions)
    if not members:
        first = f": {refused[0].where}: {refused[0].reason}" if refused else "; it has no row below its header."
        raise ScoreError(f"No row of the table can be used{first}")
    whole = ReceptorSet(title, tuple(members), tuple(refused))
    same = set(asked[0]) if asked[0] and all(set(each) == set(asked[0]) for each in asked) else None
    if same is None:
        return whole
    return replace(whole, title=f"{positions_title(asked[0])} of class {receptor_class}", positions=asked[0], receptor_class=receptor_class)


def _rows(text: str) -> Iterator[tuple[int, dict]]:
    """Each row below the header that is not blank, and its number in a spreadsheet."""
    header, table = read_rows(text, MOST_ROWS, " Use batch for more.")
    names = _columns(header)
    for number, cells in table:
        padded = [*cells, *[""] * (len(names) - len(cells))]
        row = {name: cell.strip() for name, cell in zip(names, padded, strict=False) if name}
        yield number, row | {"too many": cells[len(names) :]}


def _columns(header: list[str]) -> list[str]:
    """What each column holds; empty where it is not read."""
    headings = [cell.strip() for cell in header]
    names = [_NAMES.get(heading.lower(), "") for heading in headings]
    if "residues" not in names or not {"receptor", "sequence"} & set(names):
        raise ScoreError("The table needs a header with the columns receptor (or sequence) and residues.")
    for name in filter(None, names):
        same = [heading for heading, other in zip(headings, names, strict=True) if other == name]
        if len(same) > 1:
            raise ScoreError(f"The headings {same[0]!r} and {same[1]!r} both name the {name}; keep one of them.")
    return names


def _member(row: dict, number: int) -> Member:
    if any(cell.strip() for cell in row["too many"]):
        raise ScoreError("it has more cells than the header; put residues that contain commas into quotes")
    protein, entry = _protein(row, number)
    # Above 40 % identity alignments of two sequences are rarely wrong (Rost, Protein Eng. 12, 85 (1999)), so orthologs are numbered, too.
    numbers = find_receptor(entry).numbers if entry else numbers_for(protein, HOMOLOGUE_IDENTITY)
    text = row.get("residues", "")
    if not text:
        raise ScoreError("no residue is named")
    sites = residues_of(text, protein, numbers, find_receptor(entry) if entry else None)
    if not sites:
        raise ScoreError("no residue is named")
    return Member(row.get("name") or protein.name, protein, numbers, sites, _note(numbers))


def _note(numbers: ResidueNumbers | None) -> str:
    """What to know of where the numbers come from; empty if they are the receptor's own or nearly so."""
    if numbers is None:
        return "no generic numbers: compared with residues of the whole sequence"
    if numbers.identity < NEAREST_IDENTITY:
        return f"generic numbers by alignment with {numbers.receptor}, {numbers.identity:.0%} identical"
    return ""


def _protein(row: dict, number: int) -> tuple[Protein, str]:
    receptor, sequence = row.get("receptor", ""), row.get("sequence", "")
    if receptor:
        try:
            found = find_receptor(receptor)
        except LibraryError as error:
            if not sequence:
                raise
            raise SequenceError(f"{error} To read the sequence of the row, call the column name instead of receptor.") from error
        if sequence and sequence != found.protein.sequence:
            raise SequenceError(f"its sequence is not that of {found.entry}; leave one of the two out")
        return found.protein, found.entry
    if not sequence:
        raise SequenceError("neither receptor nor sequence is given")
    protein = parse_protein(sequence)
    return Protein(row.get("name") or f"row {number}", protein.sequence), ""


def _positions(text: str) -> tuple[str, ...]:
    """The generic positions that a cell names; none where it names anything else."""
    if text.strip().lower() == "sodium pocket":
        return tuple(SODIUM_POCKET)
    try:
        return parse_positions(text)
    except ScoreError:
        return ()


def _check_class(member: Member, receptor_class: str) -> None:
    own = member.numbered.receptor_class
    if own != receptor_class:
        raise ScoreError(f"it is class {own}, where these numbers name other residues than in class {receptor_class} of the rows above")


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
