"""The sequences that training uses and those that it never sees, by receptor."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from allo_core.library.receptors import receptors
from allo_core.training.sequences import read_sequences
from allo_core.training.split import held_out

__all__ = ["Effort", "Family", "Split", "read_split", "spread"]


@dataclass(frozen=True)
class Family:
    """One receptor: its human sequence (or the first one of the file where the library has none), and its orthologs."""

    receptor: str
    receptor_class: str
    reference: str
    orthologs: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """Receptors that the validation model was trained on, and those that it has never seen."""

    training: dict[str, Family]
    unseen: dict[str, Family]


@dataclass(frozen=True)
class Effort:
    """How much is computed.

    Parameters
    ----------
    masks, ortholog_masks : int
        Masks of 15 % of each human sequence, and of each ortholog.
    profile, orthologs : int
        Most orthologs in the columns of the nearest receptor; orthologs of each unseen receptor that are asked about.
    contact_fits, contact_receptors : int
        Regressions on contacts for the table of all unseen receptors, and training receptors that each is fitted on.
    probe_receptors, probe_residues : int
        Training receptors that the segment probe is fitted on, and residues of each.
    """

    masks: int = 7
    ortholog_masks: int = 1
    profile: int = 100
    orthologs: int = 3
    contact_fits: int = 8
    contact_receptors: int = 20
    probe_receptors: int = 120
    probe_residues: int = 100


def read_split(path: Path) -> Split:
    """Read the sequences and divide them as training does; TrainingError if the file is none of its kind."""
    grouped: dict[str, list] = {}
    for record in read_sequences(path):
        grouped.setdefault(record.receptor, []).append(record)
    families = {name: _family(name, records) for name, records in grouped.items()}
    unseen = held_out(families)
    return Split(
        {name: family for name, family in families.items() if name not in unseen},
        {name: families[name] for name in sorted(unseen)},
    )


def _family(name: str, records: list) -> Family:
    known = receptors().get(name)
    reference = known.protein.sequence if known else records[0].sequence
    others = tuple(dict.fromkeys(record.sequence for record in records if record.sequence != reference))
    return Family(name, records[0].receptor_class, reference, others)


def spread(sequences: Iterable[str], most: int) -> list[str]:
    """At most `most` sequences, evenly spaced in the order of the file."""
    sequences = list(sequences)
    if len(sequences) <= most:
        return sequences
    return [sequences[index] for index in np.linspace(0, len(sequences) - 1, most).round().astype(int)]
