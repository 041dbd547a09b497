"""A protein threaded on the nearest receptor with an experimental structure, residue by residue with the same generic number."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.fold import Fold, confidence_at, fold_numbers, require_drawn
from allo_core.folding.shipped import ANY, FoldState, Template, class_average, templates
from allo_core.library.predicted import ATTRIBUTION
from allo_core.library.receptors import receptors
from allo_core.protein.homologues import Relative, identities_to
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

__all__ = ["fold_on_template", "nearest_template", "thread"]

_ATTRIBUTION = f"{ATTRIBUTION} (for the confidence alone, which is the spread of such models; the coordinates are in the public domain)"


def nearest_template(
    protein: Protein, numbers: ResidueNumbers, state: FoldState | None = None, without: Collection[str] = ()
) -> tuple[Template, float]:
    """The template of the receptor with most identical residues at generic numbers, and the share of these.

    Parameters
    ----------
    protein : Protein
    numbers : ResidueNumbers
        Of the protein.
    state : {"active", "inactive"}, optional
        Of the template; by default any, and of a receptor with several the one that shows most residues.
    without : collection of str
        Receptors that are left out.

    Raises
    ------
    FoldError
        No receptor of the class that remains has an experimental structure in that state.
    """
    of_class = [one for one in templates() if one.receptor_class == numbers.receptor_class and one.receptor not in without]
    found = [one for one in of_class if state is None or one.state == state]
    if not found:
        raise FoldError(_no_template(numbers.receptor_class, state, without, bool(of_class)))
    library = receptors()
    entries = list(dict.fromkeys(one.receptor for one in found))
    identity = dict(zip(entries, identities_to(Relative(protein.sequence, numbers), [library[entry] for entry in entries]), strict=True))
    best = max(found, key=lambda one: (identity[one.receptor], len(one.index)))
    return best, float(identity[best.receptor])


def thread(protein: Protein, state: FoldState | None = None, without: Collection[str] = ()) -> Fold:
    """The protein at the places of the nearest template.

    Residues get no place whose number the template does not show, or fewer than three receptors of the class.

    Parameters
    ----------
    protein, state, without
        As for `nearest_template`.

    Raises
    ------
    FoldError
        A sequence without generic numbers, no template, or one that shares fewer than 50 residues.
    """
    numbers = fold_numbers(protein)
    template, identity = nearest_template(protein, numbers, state, without)
    return fold_on_template(protein, numbers, template, identity, state)


def fold_on_template(protein: Protein, numbers: ResidueNumbers, template: Template, identity: float, state: FoldState | None) -> Fold:
    """Lay a protein on a template, whichever.

    Parameters
    ----------
    protein : Protein
    numbers : ResidueNumbers
        Of the protein.
    template : Template
        Of the same class.
    identity : float
        At generic numbers.
    state : {"active", "inactive"} or None
        That was asked for.

    Raises
    ------
    FoldError
        Fewer than 50 residues are shared.
    """
    theirs = receptors()[template.receptor].numbers
    place = {} if theirs is None else {theirs.gpcrdb[index]: row for row, index in enumerate(template.index.tolist())}
    xyz = np.full((len(protein), 3), np.nan)
    for index, number in enumerate(numbers.gpcrdb):
        if number in place:
            xyz[index] = template.xyz[place[number]]
    itself = template.receptor == numbers.receptor
    species = "" if template.identity > 0.99 else f" (its chain {template.identity:.0%} identical with the human sequence)"
    method = (
        f"{protein.name} at the CA positions that {'its own' if itself else 'the'} experimental structure {template.label}{species} has at "
        f"the same generic numbers ({identity:.0%} identical residues there); nothing was fitted, and it has no side chains, no loops "
        "without numbers and no residues that the template does not show."
    )
    confidence = confidence_at(class_average(numbers.receptor_class, ANY), numbers, np.isfinite(xyz[:, 0]))
    xyz[~np.isfinite(confidence)] = np.nan  # a number that fewer than three receptors of the class show: a rare bulge
    require_drawn(xyz, f"The template {template.label}", protein)
    name = f"threaded on {template.label}"
    return Fold(
        protein, "template", numbers.receptor_class, state, name, method, xyz, confidence, _ATTRIBUTION, numbers.receptor,
        (template.receptor, template.entry), identity,
    )  # fmt: skip


def _no_template(receptor_class: str, state: FoldState | None, without: Collection[str], has_others: bool) -> str:
    which = "" if state is None else f" in the {state} state"
    left_out = f" once {', '.join(sorted(without))} is left out" if without else ""
    advice = "choose the other state or any" if has_others and state else "use an AlphaFold model"
    return (
        f"No receptor of class {receptor_class} has an experimental structure{which} here{left_out}, so none can be threaded on; {advice}."
    )
