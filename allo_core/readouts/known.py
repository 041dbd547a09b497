"""Receptors with known contacts from which something may be learnt about a protein: its homologues are left out."""

from collections.abc import Sequence
from functools import cache

from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import Relative, homologue_clusters, identities, identities_to
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

__all__ = ["others_than", "panel", "unrelated"]

# Of AntiBERTy, the shortest of all models: whatever the model, the heads are chosen on the same receptors.
_LONGEST = 510
_PANEL = 16


def others_than(protein: Protein, numbers: ResidueNumbers | None, among: Sequence[str]) -> tuple[str, ...]:
    """Those of some library receptors (entry names) that are no homologues of a protein, by the rule of sets of receptors."""
    known = receptors()
    same = identities_to(Relative(protein.sequence, numbers), [known[entry] for entry in among]) > HOMOLOGUE_IDENTITY
    return tuple(entry for entry, homologue in zip(among, same, strict=True) if not homologue)


@cache
def panel() -> tuple[str, ...]:
    """The sixteen shortest of `unrelated`, on which heads are chosen."""
    known = receptors()
    return tuple(sorted(sorted(unrelated(), key=lambda entry: (len(known[entry].protein), entry))[:_PANEL]))


@cache
def unrelated() -> tuple[str, ...]:
    """Receptors with known contacts that every model can read, no two of them homologues: the shortest of each cluster."""
    known = receptors()
    short = [entry for entry in known_contacts() if len(known[entry].protein) <= _LONGEST]
    clusters = homologue_clusters(identities([known[entry] for entry in short]))
    order = sorted(range(len(short)), key=lambda k: (len(known[short[k]].protein), short[k]))
    firsts = {int(clusters[k]): k for k in reversed(order)}
    return tuple(short[k] for k in sorted(firsts.values()))
