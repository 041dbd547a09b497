"""What becomes of the marked residues when another protein is opened."""

from dataclasses import replace
from typing import TypeVar

from allo_core.analysis.verdict import site_name
from allo_core.library.nearest import numbers_for
from allo_core.protein.numbering import carried_over
from allo_core.ui.protein.view import SETS, ProteinView, named_protein, offered_sites, opened, protein_of

__all__ = ["with_marks_of"]

_MOST_NAMED = 6

View = TypeVar("View", bound=ProteinView)


def with_marks_of(before: View, key: str) -> tuple[View, str]:
    """The view on opening the protein ``key``, with the marks of the one before, and what is to be said of them.

    A library site becomes the site of the same name.  Other residues go to those with the same generic numbers.  Set A keeps the first site
    of the protein where nothing can be carried over.
    """
    after = opened(before, key)
    sites, names, told = {}, {}, []
    for name in SETS:
        indices = before.sets[name]
        if not indices:
            continue
        known = site_name(indices, offered_sites(before.protein))
        if known is not None and known in offered_sites(key):
            sites[name] = offered_sites(key)[known]
        else:
            sites[name] = _carried(before, after, indices)
            told.append(_told(name, before, after, indices, sites[name], known))
        if sites[name]:
            names[name] = before.names.get(name, "")
    a, b = sites.get("A") or after.sites, sites.get("B", ())
    marking = before.marking if b else "A"
    view = replace(after, sites=a, sites_b=b, name_a=names.get("A", ""), name_b=names.get("B", ""), marking=marking)
    return view.consistent(), " ".join(filter(None, told))


def _carried(before: ProteinView, after: ProteinView, indices: tuple[int, ...]) -> tuple[int, ...]:
    source, target = numbers_for(protein_of(before)), numbers_for(protein_of(after))
    return () if source is None or target is None else carried_over(indices, source, target)


def _told(name: str, before: ProteinView, after: ProteinView, indices: tuple[int, ...], carried: tuple[int, ...], known: str | None) -> str:
    """How many residues of a set went along, and why others did not."""
    source, target = numbers_for(protein_of(before)), numbers_for(protein_of(after))
    if source is None or target is None:
        missing = before.protein if source is None else after.protein
        return "" if known else f"Set {name} was not carried over: {_short(missing)} has no generic numbers."
    if source.receptor_class != target.receptor_class:
        return (
            ""
            if known
            else f"Set {name} was not carried over: the receptors are of class {source.receptor_class} and {target.receptor_class}."
        )
    told = f"Set {name}: {len(carried)} of {len(indices)} residues carried over by generic number."
    there = {target.gpcrdb[index] for index in carried}
    lost = [protein_of(before).label(index) for index in indices if source.gpcrdb[index] not in there]
    if not lost:
        return told
    return f"{told} Without a counterpart: {', '.join(lost[:_MOST_NAMED])}{' and more' if len(lost) > _MOST_NAMED else ''}."


def _short(protein_key: str) -> str:
    return named_protein(protein_key).name
