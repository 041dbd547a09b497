"""The models, and whether their weights are on this machine."""

from allo_core.models.folding_models import FOLDING_MODELS, locate_folding
from allo_core.models.registry import MODELS
from allo_core.models.weights import locate

__all__ = ["list_models"]


def list_models() -> None:
    """Print one line a model, and what is to be known of some."""
    print(f"{'id':<24}{'layers x heads':>15}{'residues':>10}  {'weights':<34}licence")
    for spec in MODELS.values():
        found = locate(spec)
        where = f"download, {found.size / 1e9:.2f} GB" if found.state == "download" else f"{found.state} ({found.source})"
        longest = spec.longest if spec.longest is not None else f"{spec.trained_tokens - 2}*"
        print(f"{spec.id:<24}{f'{spec.layers} x {spec.heads}':>15}{longest!s:>10}  {where:<34}{found.licence}")
    print("* residues seen in training; longer sequences run, with a warning.")
    for spec in MODELS.values():
        if spec.note:
            print(f"{spec.id}: {spec.note}")
    for spec in FOLDING_MODELS.values():
        found = locate_folding(spec)
        where = f"download, {spec.weights.size / 1e9:.2f} GB" if found is None else f"found ({found.where})"
        print(f"{spec.id}: folds a sequence (fold --from esmfold), no heads to look at; {where}; {spec.weights.licence}")
