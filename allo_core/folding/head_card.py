"""The card of a distance head: how good its folds are on receptors that it has not learnt from, beside what they have to beat."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from allo_core.errors import FoldError
from allo_core.folding.head_judged import HeadCase, HeadRow, family_rows, rows_of
from allo_core.folding.head_settings import Split
from allo_core.folding.head_weights import HeadRecord
from allo_core.folding.head_worth import ModelExpectation
from allo_core.folding.ranges import Range, range_of
from allo_core.folding.references import ALPHAFOLD, AVERAGE
from allo_core.library.predicted import LICENCE, LICENCE_URL
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.storage.plain_json import OtherVersion, check_version, from_plain
from allo_core.storage.whole_file import write_whole

__all__ = ["HEAD", "HeadCard", "card_of", "read_head_card", "write_head_card"]

HEAD = "distance head"  # the method of its cases and rows
_FORMAT = 1
_LICENCE = f"Learnt from models; {LICENCE} ({LICENCE_URL}), changed: a network learnt their distances."
_HELD_OUT: dict[Split, str] = {
    "receptor": "that it had not learnt from, while it may have learnt from their homologues",
    "family": f"that it had not learnt from, nor from their homologues (above {HOMOLOGUE_IDENTITY:.0%} identity)",
    "none": "none of which was held out",
}


@dataclass(frozen=True)
class HeadCard:
    """How good the folds of a head are.

    Parameters
    ----------
    head_sha256 : str
        Of its parameters.
    rows : tuple of HeadRow
        The head first, then what it has to beat, over all held-out receptors.
    families : mapping of str to tuple of HeadRow
        The same of each ligand family.
    expectations : tuple of ModelExpectation
        What to expect of a receptor of each class.
    licence : str
    versions : mapping of str to str
    format : int
    """

    head_sha256: str
    rows: tuple[HeadRow, ...] = field(repr=False)
    families: Mapping[str, tuple[HeadRow, ...]] = field(repr=False)
    expectations: tuple[ModelExpectation, ...]
    licence: str
    versions: Mapping[str, str] = field(repr=False)
    format: int = _FORMAT


def card_of(record: HeadRecord, head_sha256: str, cases: Sequence[HeadCase]) -> HeadCard:
    """The card of a head by its cases on receptors that it has not learnt from.

    Parameters
    ----------
    record : HeadRecord
    head_sha256 : str
        Of the parameters.
    cases : sequence of HeadCase
        Of the method "distance head" and its baselines.

    Raises
    ------
    FoldError
        A case of a receptor that the head has learnt from.
    """
    if seen := sorted({case.receptor for case in cases} & set(record.learnt)):
        raise FoldError(f"The head has learnt from {seen[0]}, which cannot judge it; judge it by the receptors that were held out.")
    classes = sorted({case.receptor_class for case in cases})
    return HeadCard(
        head_sha256,
        tuple(rows_of(cases)),
        {family: tuple(rows) for family, rows in family_rows(cases).items()},
        tuple(_expectation(record, name, [case for case in cases if case.receptor_class == name]) for name in classes),
        _LICENCE,
        record.versions,
    )


def write_head_card(path: Path, card: HeadCard) -> None:
    """Write the JSON that `read_head_card` reads, in one step.  OSError if there is no room."""
    write_whole(path, json.dumps(asdict(card), indent=1, allow_nan=False).encode())


def read_head_card(path: Path) -> HeadCard | None:
    """The card; None where there is none, as of a head that was not judged.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FoldError
        It is damaged, or another version wrote it.
    """
    try:
        return from_plain(HeadCard, check_version(json.loads(path.read_bytes()), HeadCard, _FORMAT))
    except FileNotFoundError:
        return None
    except OtherVersion as error:
        raise FoldError(f"The card {path} was written {error}; judge the head again.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise FoldError(f"The card {path} cannot be read ({error}); judge the head again.") from error


def _expectation(record: HeadRecord, receptor_class: str, cases: Sequence[HeadCase]) -> ModelExpectation:
    def quantiles(method: str, measure: str) -> Range | None:
        chosen = [case for case in cases if (case.method, case.kind) == (method, ALPHAFOLD) and case.receptor in judged]
        return range_of([case.measures[measure] for case in chosen], len({case.receptor for case in chosen}))

    judged = {case.receptor for case in cases if (case.method, case.kind) == (HEAD, ALPHAFOLD)}
    return ModelExpectation(
        receptor_class,
        len(judged),
        f"{ALPHAFOLD}s",
        _HELD_OUT[record.settings.split],
        quantiles(HEAD, "tm"),
        quantiles(HEAD, "lddt"),
        quantiles(AVERAGE, "tm"),
        quantiles(AVERAGE, "lddt"),
    )
