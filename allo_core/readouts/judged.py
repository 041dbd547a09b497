"""A contact map beside what it has to be compared with: the known structure, chance, separation alone, and the family's mean map."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.contacts import PARTS, Precision, precisions_among
from allo_core.library.contacts import known_contacts
from allo_core.library.nearest import numbers_for
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein
from allo_core.readouts.contacts import PredictedContacts
from allo_core.readouts.family_contacts import FamilyContacts
from allo_core.readouts.separation_contacts import separation_contacts

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["JudgedContacts", "KnownMap", "judged_contacts", "known_map"]


@dataclass(frozen=True, eq=False)
class KnownMap:
    """Which residues of a protein touch in a structure of its receptor: 1, 0, or NaN where that is not known; ndarray, shape=(L, L)."""

    entry: str
    touching: "Float[np.ndarray, 'L L']"


@dataclass(frozen=True)
class JudgedContacts:
    """Precision of a model's map and of its baselines, at each separation; empty where no structure is known.

    Parameters
    ----------
    entry : str
        The PDB entry, "" where none is known.
    model : tuple of Precision
    family : tuple of Precision
        Empty where there is no map of the family.
    separation : tuple of Precision
        Of the pairs that separation along the chain alone would choose.
    """

    entry: str
    model: tuple[Precision, ...]
    family: tuple[Precision, ...]
    separation: tuple[Precision, ...]

    def facts(self) -> list[dict] | None:
        """For a record, plain JSON values."""
        if not self.model:
            return None
        family = self.family or (None,) * len(self.model)
        return [
            {
                "separation": one.separation,
                "model": _named(one),
                "family": None if other is None else _named(other),
                "separation_alone": _named(alone),
                "random": one.random,
            }
            for one, other, alone in zip(self.model, family, self.separation, strict=True)
        ]

    @property
    def sentence(self) -> str:
        """How good the map is, a better baseline first."""
        if not self.model:
            return "No structure of this receptor is known here, so it cannot be said how many of these pairs touch."
        one = self.model[0]
        share, alone = one.values[2], self.separation[0].values[2]
        better = ""
        beside = [f"{alone:.0%} of those that separation along the chain alone would choose", f"{one.random:.1%} of random pairs"]
        if self.family and (bar := self.family[0].values[2]) >= share:
            better = f"The contacts that other receptors of the class have are the better guess: {bar:.0%} of their best touch. "
        elif self.family:
            beside.insert(0, f"{bar:.0%} of the best of other receptors of the class")
        if alone >= share:
            better += "Separation along the chain alone tells no less than the model. "
        own = f"{share:.0%} of the best L/5 pairs of the model (at least {one.separation} residues apart) touch in {self.entry}"
        return f"{better}{own}; {', '.join(beside[:-1])} and {beside[-1]} do."


def known_map(protein: Protein, numbers: ResidueNumbers | None) -> KnownMap | None:
    """The contacts that are known of the receptor whose numbers a protein has, at its own residues; None where there are none."""
    known = None if numbers is None else known_contacts().get(numbers.receptor)
    if numbers is None or known is None:
        return None
    here = {origin: index for index, origin in enumerate(numbers.origin) if origin is not None}
    resolved = np.array([here[index] for index in known.resolved.tolist() if index in here], dtype=np.int64)
    touching = np.full((len(protein), len(protein)), np.nan)
    touching[np.ix_(resolved, resolved)] = 0.0
    for first, second in zip(known.first.tolist(), known.second.tolist(), strict=True):
        if first in here and second in here:
            touching[here[first], here[second]] = touching[here[second], here[first]] = 1.0
    return KnownMap(known.entry, touching)


def judged_contacts(predicted: PredictedContacts, family: FamilyContacts | None, known: KnownMap | None) -> JudgedContacts:
    """How many of the best pairs touch, of a model's map and of its baselines."""
    if known is None:
        return JudgedContacts("", (), (), ())
    resolved = np.flatnonzero(np.isfinite(known.touching).any(axis=1))
    contacts = known.touching == 1
    alone = separation_contacts(predicted.protein, numbers_for(predicted.protein))
    return JudgedContacts(
        known.entry,
        precisions_among(predicted.scores, resolved, contacts),
        () if family is None else precisions_among(family.scores, resolved, contacts),
        precisions_among(alone, resolved, contacts),
    )


def _named(precision: Precision) -> dict[str, float]:
    return dict(zip(PARTS, precision.values, strict=True))
