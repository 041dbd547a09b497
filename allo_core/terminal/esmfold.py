"""ESMFold from the terminal: fetched once, run with progress, relaxed where that is wanted."""

import argparse
import sys
from typing import TYPE_CHECKING

from allo_core.errors import FoldError
from allo_core.export.tables import printable
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    from allo_core.folding.folded_structure import FoldedStructure
    from allo_core.protein.sequence import Protein

__all__ = ["add_esmfold_options", "check_esmfold_options", "folded_in_terminal"]

_FOLDING = "Folding, step"


def add_esmfold_options(command: argparse.ArgumentParser) -> None:
    """Add the options that belong to --from esmfold."""
    command.add_argument("--device", help="with --from esmfold or model: auto, cuda, mps or cpu; auto")
    command.add_argument(
        "--chunk", type=int, metavar="N", help="with --from esmfold: rows of triangular attention computed at once; by the free memory"
    )
    command.add_argument(
        "--relax", action="store_true", help="with --from esmfold and --pdb: take out strain with OpenMM (pip install '.[relax]')"
    )


def check_esmfold_options(options: argparse.Namespace) -> None:
    """Refuse options that belong to another way of folding, and --relax where it could not be done, before anything is computed."""
    if options.method != "esmfold":
        for name in ("chunk", "relax"):
            if getattr(options, name) not in (None, False):
                raise FoldError(f"--{name} belongs to ESMFold; add --from esmfold.")
        return
    if options.state is not None:
        raise FoldError("ESMFold folds a sequence without regard to a state; leave --state out.")
    if options.relax:
        from allo_core.folding.relax import require_openmm

        if options.pdb is None or options.cif is not None:
            raise FoldError("--relax writes a PDB file alone; give --pdb and no --cif.")
        require_openmm()


def folded_in_terminal(options: argparse.Namespace, protein: "Protein") -> "FoldedStructure":
    """The fold, with the download and every step on one line; AlloScopeError for what cannot be fetched or folded."""
    from allo_core.folding.esmfold import check_esmfold, fold_with_esmfold, kept_esmfold, slow_device
    from allo_core.models.download import download_folding
    from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS, locate_folding
    from allo_core.runs.extract import DOWNLOADING

    device = options.device or "auto"
    spec = FOLDING_MODELS[ESMFOLD]
    if kept_esmfold(protein) is None:
        chosen, _ = check_esmfold(protein, device, options.chunk)
        if note := slow_device(protein, chosen):
            print(printable(note), file=sys.stderr)
        if locate_folding(spec) is None:
            download_folding(spec, lambda done, total: show_progress(f"{DOWNLOADING} {spec.label}", done, total))
    return fold_with_esmfold(protein, device, options.chunk, lambda done, total: show_progress(_FOLDING, done, total))
