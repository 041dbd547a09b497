"""Scripts that show the same picture in PyMOL and ChimeraX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.export.script_picture import LineKind, ScriptPicture, number, radii, script_picture, set_comment
from allo_core.figures.colours import BESIDE_THE_RECEPTOR, PAIRS

if TYPE_CHECKING:
    from jaxtyping import Shaped

    from allo_core.structure.mapping import ResidueId, StructureMap

__all__ = ["chimerax_script", "pymol_script"]

_A_LINE = 60  # residues; older PyMOL cuts lines at 1024 characters


def pymol_script(
    entry: str,
    mapping: StructureMap,
    values: Shaped[np.ndarray, " L"],
    ceiling: float,
    scale: Sequence[str],
    sets: Mapping[str, tuple[Sequence[int], str]],
    title: str,
    floor: float = 0.0,
    pairs: Sequence[tuple[int, int, float]] = (),
    lines: LineKind = "strongest pairs",
) -> str:
    """PyMOL script (.pml): the receptor coloured by value, the sets as sticks and as selections set_A, set_B.

    The values also stand in the B-factors of the receptor's residues (-1 elsewhere).

    Parameters
    ----------
    entry : str
        A PDB code, which PyMOL fetches, or a file named like `COLOURED_FILE` (letters, digits, _coloured.cif), beside the script.
    mapping : StructureMap
        That of the structure; its residues carry the authors' chain and numbers.
    values : ndarray, shape=(L,)
        NaN where there is none.
    ceiling : float
        The value of the last colour.
    scale : sequence of str
        Hex colours, low to high.
    sets : mapping of str to (indices, colour)
        0-based indices into the sequence, and a hex colour, by the name of the set.
    title : str
        Text from outside; it becomes a comment.
    floor : float
        The value of the first colour.
    pairs : sequence of (query, key, weight)
        0-based indices of residue pairs that are drawn between their CA atoms, thicker for more attention.
    lines : {"strongest pairs", "path", "contacts"}
        What these pairs are: arcs of a head, the steps of a route, or the contacts of a network.

    Raises
    ------
    ExportError
        If the entry, the chain, an insertion code, a set's name, a colour or the ceiling cannot be written safely.
    """
    picture = script_picture(entry, mapping, values, ceiling, scale, sets, title, floor, pairs, lines)
    chain = f"alloscope and chain {picture.chain}"
    written = [
        *picture.notes,
        "# The B-factors of the coloured residues are the values; -1 means none.",
        "delete alloscope",
        f"fetch {picture.entry}, alloscope, type=cif, async=0" if picture.entry else f"load {picture.file}, alloscope",
        "bg_color white",
        "hide everything, alloscope",
        "show cartoon, alloscope",
        "show sticks, alloscope and organic",
        "show spheres, alloscope and inorganic",
        "hide everything, alloscope and solvent",
        f"color {_pymol_colour(BESIDE_THE_RECEPTOR)}, alloscope",
        "util.cnc alloscope and organic",
        "alter alloscope, b=-1.0",
    ]
    written += [f"alter {chain} and resi {_pymol_number(residue)}, b={number(value)}" for residue, value in picture.values.items()]
    for colour, residues in picture.colours.items():
        written += [f"color {_pymol_colour(colour)}, {chain} and resi {part}" for part in _pymol_parts(residues)]
    for name, (residues, colour, missing) in reversed(picture.sets.items()):
        written += _pymol_set(name, chain, residues, colour, missing)
    written += _pymol_pairs(picture, chain)
    return "\n".join([*written, "deselect", f"orient {chain}", ""])


def chimerax_script(
    entry: str,
    mapping: StructureMap,
    values: np.ndarray,
    ceiling: float,
    scale: Sequence[str],
    sets: Mapping[str, tuple[Sequence[int], str]],
    title: str,
    floor: float = 0.0,
    pairs: Sequence[tuple[int, int, float]] = (),
    lines: LineKind = "strongest pairs",
) -> str:
    """ChimeraX script (.cxc): the receptor coloured by value, the sets as sticks and under the names set_A, set_B.

    The values are also kept as the residue attribute alloscope_value.  Parameters and errors as in `pymol_script`.
    """
    picture = script_picture(entry, mapping, values, ceiling, scale, sets, title, floor, pairs, lines)
    chain = f"#1/{picture.chain}"
    written = [
        *picture.notes,
        "# The values are kept as the residue attribute alloscope_value. What was open before is closed.",
        "close session",
        f"open {picture.entry} from pdb" if picture.entry else f"open {picture.file}",
        "set bgColor white",
        "hide #1 target a",
        "show #1 target c",
        f"color #1 {BESIDE_THE_RECEPTOR} target ac",
        "show #1 & ligand target a",
        "style #1 & ligand stick",
        "color #1 & ligand byhetero target a",
        "show #1 & ions target a",
        "style #1 & ions sphere",
        "hide #1 & solvent target a",
    ]
    written += [
        f"setattr {_chimerax_residues(chain, [residue])} residues alloscope_value {number(value)} create true"
        for residue, value in picture.values.items()
    ]
    written += [f"color {_chimerax_residues(chain, residues)} {colour} target c" for colour, residues in picture.colours.items()]
    for name, (residues, colour, missing) in reversed(picture.sets.items()):
        written += _chimerax_set(name, chain, residues, colour, missing)
    written += _chimerax_pairs(picture, chain)
    return "\n".join([*written, f"view {chain}", ""])


def _pymol_number(residue: ResidueId) -> str:
    """A bare minus sign would be read as a range."""
    sign = "\\-" if residue.number < 0 else ""
    return f"{sign}{abs(residue.number)}{residue.insertion}"


def _pymol_parts(residues: list[ResidueId]) -> Iterator[str]:
    for start in range(0, len(residues), _A_LINE):
        yield "+".join(_pymol_number(residue) for residue in residues[start : start + _A_LINE])


def _pymol_colour(colour: str) -> str:
    return f"0x{colour[1:]}"


def _pymol_set(name: str, chain: str, residues: list[ResidueId], colour: str, missing: int) -> list[str]:
    lines = [set_comment(name, residues, missing)]
    if not residues:
        return lines
    chosen, own = f"set_{name}", f"colour_{name}"
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    for count, part in enumerate(_pymol_parts(residues)):
        lines.append(f"select {chosen}, {f'{chosen} or ' if count else ''}({chain} and resi {part})")
    return [
        *lines,
        f"set_color {own}, [{red:.4f}, {green:.4f}, {blue:.4f}]",
        f"show sticks, {chosen} and not name N+C+O and not elem H",
        # The cartoon takes its colour from CA, which therefore keeps the value's.
        f"color {own}, {chosen} and not name N+CA+C+O",
        f"show spheres, {chosen} and name CA",
        f"set sphere_scale, 0.4, {chosen} and name CA",
        f"set sphere_color, {own}, {chosen} and name CA",
    ]


def _pymol_pairs(picture: ScriptPicture, chain: str) -> list[str]:
    """A distance object for each pair, all in the group strongest_pairs; of other lines, which are all alike, one object for all."""
    if picture.lines != "strongest pairs":
        return _pymol_alike(picture, chain)
    lines, names = [], []
    for count, ((query, key, _), radius) in enumerate(zip(picture.pairs, radii(picture), strict=True), start=1):
        name = f"pair_{count}"
        ends = (f"{chain} and resi {_pymol_number(residue)} and name CA" for residue in (query, key))
        lines += [f"distance {name}, {', '.join(ends)}", f"set dash_radius, {radius:.3f}, {name}"]
        names.append(name)
    if not names:
        return []
    every = " ".join(names)
    return [
        *lines,
        f"group strongest_pairs, {every}",
        "hide labels, strongest_pairs",
        "set dash_gap, 0, strongest_pairs",
        f"set dash_color, {_pymol_colour(PAIRS['light'])}, strongest_pairs",
    ]


def _pymol_alike(picture: ScriptPicture, chain: str) -> list[str]:
    """Distances of one name are added to the object that there is."""
    if not picture.pairs:
        return []
    ends = [[f"{chain} and resi {_pymol_number(residue)} and name CA" for residue in pair[:2]] for pair in picture.pairs]
    return [
        *(f"distance {picture.lines}, {', '.join(pair)}" for pair in ends),
        f"set dash_radius, {radii(picture)[0]:.3f}, {picture.lines}",
        f"hide labels, {picture.lines}",
        f"set dash_gap, 0, {picture.lines}",
        f"set dash_color, {_pymol_colour(PAIRS['light'])}, {picture.lines}",
    ]


def _chimerax_pairs(picture: ScriptPicture, chain: str) -> list[str]:
    """A pseudobond for each pair, all in one model that is named after what they are."""
    return [
        f"pbond {_chimerax_residues(chain, [query])}@CA {_chimerax_residues(chain, [key])}@CA color {PAIRS['light']} radius {radius:.3f} "
        f'dashes 0 name "{picture.lines}"'
        for (query, key, _), radius in zip(picture.pairs, radii(picture), strict=True)
    ]


def _chimerax_residues(chain: str, residues: list[ResidueId]) -> str:
    """Residues as ChimeraX names them; some of its versions do not find :0, but number=0."""
    zero = [residue for residue in residues if residue.number == 0 and not residue.insertion]
    others = [f"{residue.number}{residue.insertion}" for residue in residues if residue not in zero]
    return (f"{chain}:{','.join(others)}" if others else "") + (f"{chain}::number=0" if zero else "")


def _chimerax_set(name: str, chain: str, residues: list[ResidueId], colour: str, missing: int) -> list[str]:
    lines = [set_comment(name, residues, missing)]
    if not residues:
        return lines
    chosen = f"set_{name}"
    return [
        *lines,
        f"name {chosen} {_chimerax_residues(chain, residues)}",
        f"show {chosen} & sidechain & ~H target a",
        f"style {chosen} & sidechain stick",
        f"color {chosen} & sidechain {colour} target a",
        f"style {chosen} & @ca sphere",
    ]
