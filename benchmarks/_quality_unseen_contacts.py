"""Contacts of every receptor that the validation model has not seen and whose structure is known or predicted.

Four structures of three receptors say little: at L/5 a model that is right three times as often as chance has two or three pairs right on
each, and a regression over 120 heads that is fitted on two or three structures has not learnt them.  Here the contacts are those of the
wwPDB entry that the app knows for a receptor, else of the AlphaFold model that ships with it (residues with pLDDT from 70).  Heads are
chosen on all receptors of the training side with known contacts, no two of them homologues, and none a homologue of a receptor that is
asked; the regression is fitted on twenty of them (as many proteins as in Rao et al. 2021), and that several times, because which twenty
makes a difference.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from _quality_contacts import SEPARATIONS, Precision, fit_heads
from _quality_models import SHORT, Row, attention_maps

from allo_core.attention.contacts import apc, far_pairs, pairs_of, precision_at, precisions_among
from allo_core.folding.references import ALPHAFOLD, references_of
from allo_core.library.contacts import KnownContacts, known_contacts
from allo_core.library.receptors import receptors
from allo_core.protein.contacts import CB_CONTACT
from allo_core.readouts.contact_heads import HEADS, scaled
from allo_core.readouts.family_contacts import family_contacts
from allo_core.readouts.known import others_than, unrelated
from allo_core.readouts.separation_contacts import separation_scores

__all__ = [
    "FAMILY",
    "SEPARATION",
    "Times",
    "family_precision",
    "fitted_receptors",
    "separation_precision",
    "times_random",
    "times_random_apart",
    "unseen_contacts",
    "unseen_precision",
]

FAMILY, SEPARATION = "the family's mean map", "separation alone"
_OTHERS = 10  # pairs that do not touch, for each that does: what is left out of a fit changes its intercept alone, in expectation
_SEED = 0


class Times(NamedTuple):
    """How many times as often as random pairs, its standard error over receptors, and its standard deviation from fit to fit."""

    value: float
    error: float
    fits: float


def unseen_contacts(unseen: Collection[str]) -> list[KnownContacts]:
    """What touches in each of these receptors, in the order of their names; those without structure or longer than 510 are left out."""
    short = [name for name in sorted(unseen) if name in receptors() and len(receptors()[name].protein) <= SHORT]
    found = (known_contacts().get(name) or _predicted_contacts(name) for name in short)
    return [known for known in found if known is not None]


def _predicted_contacts(name: str) -> KnownContacts | None:
    """What touches in the AlphaFold model of a receptor; None where none ships."""
    for model in references_of(name):
        if model.kind == ALPHAFOLD:
            first, second, contact = pairs_of(model.cb, min(SEPARATIONS), CB_CONTACT)
            return KnownContacts(name, model.name, np.flatnonzero(np.isfinite(model.cb[:, 0])), first[contact], second[contact])
    return None


def fitted_receptors(unseen: Collection[str], asked: Sequence[KnownContacts]) -> list[KnownContacts]:
    """The receptors with known contacts that are neither unseen nor homologues of one that is asked, nor of one another."""
    chosen = [name for name in unrelated() if name not in unseen]
    for one in asked:
        receptor = receptors()[one.receptor]
        chosen = list(others_than(receptor.protein, receptor.numbers, chosen))
    return [known_contacts()[name] for name in chosen]


def unseen_precision(row: Row, asked: Sequence[KnownContacts], fitted: Sequence[KnownContacts], fits: int, most: int) -> list[Precision]:
    """Every receptor by the mean of the best five heads, as the app has it for models without a regression, and by the regressions.

    Parameters
    ----------
    fits, most : int
        Regressions, each on so many of the fitted receptors, or all where there are fewer; the same of them for every row.
    """
    heads, weights = _learn(row, fitted, fits, most)
    named = ", ".join(f"{head // row.model.spec.heads}.{head % row.model.spec.heads}" for head in heads)
    found = []
    for known in asked:
        maps = apc(attention_maps(row, receptors()[known.receptor].protein))
        few = np.mean([scaled(maps[head]) for head in heads], axis=0)
        found += _precisions(known, f"best {HEADS} heads", few, named)
        for fit, scores in enumerate(np.tensordot(weights.astype(np.float32), maps, 1), 1):
            found += _precisions(known, "regression", scores, f"fit {fit}")
    return found


def family_precision(asked: Sequence[KnownContacts]) -> list[Precision]:
    """The baseline that asks no model: how often the two positions touch in other receptors of the class, its homologues left out."""
    found = []
    for known in asked:
        receptor = receptors()[known.receptor]
        family = family_contacts(receptor.protein, receptor.numbers)
        if family is not None:
            found += _precisions(known, FAMILY, family.scores, f"{len(family.receptors)} receptors")
    return found


def times_random(found: Sequence[Precision], part: int) -> Times:
    """Mean precision at the `part`-th of PARTS over mean chance; every receptor has one result, or as many as there are fits."""
    return _times(_by_receptor(found, part), found)


def times_random_apart(found: Sequence[Precision], other: Sequence[Precision], part: int) -> Times:
    """How much more `found` has than `other`, on the same receptors in the same order, paired."""
    return _times(_by_receptor(found, part) - _by_receptor(other, part), found)


def _by_receptor(found: Sequence[Precision], part: int) -> np.ndarray:
    """Precision [receptors, fits]."""
    return np.reshape([one.values[part] for one in found], (len({one.receptor for one in found}), -1))


def _times(values: np.ndarray, found: Sequence[Precision]) -> Times:
    """Values [receptors, fits] beside the chance of these receptors."""
    random = np.array(list({one.receptor: one.random for one in found}.values()))
    times = values.mean() / random.mean()
    error = (values.mean(axis=1) - times * random).std(ddof=1) / np.sqrt(len(random)) / random.mean()
    fits = (values.mean(axis=0) / random.mean()).std(ddof=1) if values.shape[1] > 1 else 0.0
    return Times(float(times), float(error), float(fits))


def separation_precision(asked: Sequence[KnownContacts], fitted: Sequence[KnownContacts]) -> list[Precision]:
    """The baseline that knows no residue: how often pairs as far apart along the chain touch in the fitted receptors."""
    names, found = [known.receptor for known in fitted], []
    for known in asked:
        scores = separation_scores(len(receptors()[known.receptor].protein), names)
        found += _precisions(known, SEPARATION, scores, f"{len(fitted)} receptors")
    return found


def _learn(row: Row, fitted: Sequence[KnownContacts], fits: int, most: int) -> tuple[list[int], np.ndarray]:
    """The best five heads by their mean precision at L, and the weight of each head in each regression [fits, heads]."""
    draws = np.random.default_rng(_SEED)
    precisions, features, contacts = [], [], []
    for known in fitted:
        protein = receptors()[known.receptor].protein
        pairs = far_pairs(known.resolved, min(SEPARATIONS))
        values = apc(attention_maps(row, protein))[:, *pairs]
        contact = known.map(len(protein))[pairs]
        precisions.append([precision_at(each, contact, len(known.resolved)) for each in values])
        others = draws.choice(np.flatnonzero(~contact), _OTHERS * int(contact.sum()), replace=False)
        kept = np.sort(np.concatenate([np.flatnonzero(contact), others]))
        features.append(values[:, kept].T.astype(np.float64))
        contacts.append(contact[kept])
    best = np.argsort(-np.mean(precisions, axis=0), kind="stable")[:HEADS]
    weights = []
    for _ in range(fits):
        chosen = draws.choice(len(fitted), min(most, len(fitted)), replace=False)
        weights.append(fit_heads(np.concatenate([features[k] for k in chosen]), np.concatenate([contacts[k] for k in chosen])))
    return best.tolist(), np.stack(weights)


def _precisions(known: KnownContacts, method: str, scores: np.ndarray, detail: str) -> list[Precision]:
    found = precisions_among(scores, known.resolved, known.map(len(scores)), SEPARATIONS)
    return [Precision(known.entry, known.receptor, method, one.separation, one.values, one.random, detail) for one in found]
