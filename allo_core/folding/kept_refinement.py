"""The refinement of a distance head as files: its parameters, what it was learnt from, and what it is worth."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import FoldError
from allo_core.folding.refinement_settings import RefinementSettings
from allo_core.storage.plain_json import check_version, from_plain
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from allo_core.folding.refinement import Refinement

__all__ = ["REFINEMENT", "REFINEMENT_CARD", "RefinementRecord", "load_refinement", "read_refinement_record", "save_refinement"]

REFINEMENT, REFINEMENT_CARD = "refinement.safetensors", "refinement.json"
_FORMAT = 1


@dataclass(frozen=True)
class RefinementRecord:
    """What a refinement was learnt from, and what it is worth on receptors that neither it nor its head has learnt from.

    Parameters
    ----------
    settings : RefinementSettings
    head_sha256 : str
        Of the parameters of the head whose folds it moves.
    learnt, held_out : int
        Folds.
    lddt_before, lddt_after : float or None
        Mean over the held-out folds, against AlphaFold models (residues with a pLDDT of 70 or more); None where nothing is held out.
    better : int
        Held-out folds with a higher lDDT afterwards.
    """

    settings: RefinementSettings
    head_sha256: str
    learnt: int
    held_out: int
    lddt_before: float | None
    lddt_after: float | None
    better: int
    format: int = _FORMAT

    @property
    def sentence(self) -> str:
        """What it is worth, for people."""
        if self.lddt_before is None or self.lddt_after is None:
            return f"The refinement was learnt from {self.learnt} folds and not tested: no receptor was held out."
        return (
            f"The refinement takes the lDDT of {self.held_out} held-out receptors from {self.lddt_before:.3f} to {self.lddt_after:.3f}, "
            f"higher in {self.better} of them."
        )


def save_refinement(folder: Path, refinement: Refinement, record: RefinementRecord) -> None:
    """Write refinement.safetensors and refinement.json, each in one step.  OSError if there is no room.

    Parameters
    ----------
    folder : Path
    refinement : Refinement
    record : RefinementRecord
    """
    from safetensors.torch import save

    text = json.dumps(asdict(record), indent=1)
    write_whole(folder / REFINEMENT, save({name: values.detach().contiguous() for name, values in refinement.state_dict().items()}))
    write_whole(folder / REFINEMENT_CARD, text.encode())


def read_refinement_record(path: Path) -> RefinementRecord | None:
    """What a refinement was learnt from; None where there is none.

    Parameters
    ----------
    path : Path
        Of refinement.json.

    Raises
    ------
    FoldError
        It is damaged, or another version wrote it.
    """
    try:
        return from_plain(RefinementRecord, check_version(json.loads(path.read_bytes()), RefinementRecord, _FORMAT))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _no_refinement(path, error) from error


def load_refinement(weights: Path, record: RefinementRecord) -> Refinement:
    """A refinement, ready to move folds; no code in the file is run.

    Parameters
    ----------
    weights : Path
        Of refinement.safetensors.
    record : RefinementRecord

    Raises
    ------
    FoldError
        The file is missing, damaged, or does not belong to the record.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from allo_core.folding.refinement import Refinement

    refinement = Refinement(record.settings)
    try:
        parameters = load_file(weights)
        refinement.load_state_dict(parameters)
    except (OSError, ValueError, SafetensorError, RuntimeError) as error:
        raise _no_refinement(weights, error) from error
    if not all(torch.isfinite(values).all() for values in parameters.values()):
        raise FoldError(f"{weights} holds values that are not finite; remove it and refine the head again.")
    return refinement.eval().requires_grad_(False)


def _no_refinement(path: Path, error: Exception) -> FoldError:
    reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
    return FoldError(f"{path} is no refinement of a distance head ({reason}); remove it and refine the head again.")
