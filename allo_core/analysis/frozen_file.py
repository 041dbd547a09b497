"""Reading the file of a frozen analysis: its format is looked at first, then whether it was changed, then what stands in it."""

import hashlib
import json
from dataclasses import MISSING, fields
from datetime import datetime

from allo_core.analysis.frozen import FROZEN_FORMAT, FrozenAnalysis, sha256_of
from allo_core.errors import AlloScopeError, FrozenError
from allo_core.storage.plain_json import OtherVersion, check_version, from_plain

__all__ = ["read_frozen"]

_MOST_LETTERS = 1_000_000
_MOST_SHOWN = 60


def read_frozen(text: str, file: str = "The file") -> FrozenAnalysis:
    """A frozen analysis from the text of its file.

    Parameters
    ----------
    text : str
    file : str
        What to call it in an error.

    Raises
    ------
    FrozenError
        No frozen analysis, one that another version wrote, or one that was changed after it was frozen.
    """
    from allo_core.attention.control import LEVEL

    try:
        if len(text) > _MOST_LETTERS:
            raise ValueError(f"{len(text):,} characters are more than any has")
        optional = frozenset(item.name for item in fields(FrozenAnalysis) if item.default is not MISSING)
        values = check_version(json.loads(text, parse_constant=_refuse), FrozenAnalysis, FROZEN_FORMAT, optional)
        if sha256_of(values) != values["sha256"]:
            raise FrozenError(
                f"{file} was changed after it was frozen: its content does not have the sha256 that it names. "
                "Take the file as it was frozen, or freeze the question anew."
            )
        frozen = from_plain(FrozenAnalysis, values)
        _check_inside(frozen, file)
    except OtherVersion as error:
        raise FrozenError(f"{file} is a frozen analysis written {error}; open it with the version of AlloScope that wrote it.") from None
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise FrozenError(f"{file} is no frozen analysis ({reason}); give a file that 'freeze' or the page wrote.") from None
    if (frozen.finding.q_below, frozen.finding.global_p_up_to) != (LEVEL, LEVEL):
        raise FrozenError(
            f"{file} calls q < {frozen.finding.q_below:g} and a global p up to {frozen.finding.global_p_up_to:g} a finding; "
            f"this version answers at {LEVEL:g} alone."
        )
    return frozen


def _check_inside(frozen: FrozenAnalysis, file: str) -> None:
    """What types do not tell: a time that is one, a sequence with its own sha256, the sets that the measure needs, residues that exist."""
    for time in filter(None, (frozen.frozen, frozen.earlier_run)):
        if datetime.fromisoformat(time).tzinfo is None:
            raise ValueError(f"the time {time[:_MOST_SHOWN]!r} has no time zone")
    protein = frozen.question.protein
    if hashlib.sha256(protein.sequence.encode()).hexdigest() != protein.sequence_sha256:
        raise FrozenError(f"{file} holds another sequence than its sequence_sha256 names; freeze the question anew.")
    if sorted(frozen.question.sets) != sorted(frozen.question.measure):
        raise ValueError(f"the measure {frozen.question.measure} needs other sets than {', '.join(frozen.question.sets) or 'none'}")
    try:
        frozen.asked()
    except AlloScopeError as error:
        raise FrozenError(f"{file} cannot be asked: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
