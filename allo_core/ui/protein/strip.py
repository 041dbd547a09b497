"""What is shown, in parts of one line that can be read from the back of a room."""

from allo_core.analysis.verdict import site_name
from allo_core.library.receptors import receptors
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.protein.view import ProteinView, offered_sites
from allo_core.ui.shared.text import plain

__all__ = ["protein_parts"]


def protein_parts(view: ProteinView, protein: Protein) -> list[str]:
    """Protein, model and residue sets as Markdown."""
    part = f" {protein.number(0)}–{protein.number(len(protein) - 1)}" if protein.first != 1 else ""
    name = f"{protein.name}{part}" if view.protein_ref.kind == "kept" else f"{protein.name}{part} · {receptors()[protein.name].name}"
    return [plain(name), plain(get_spec(view.model).label), *_sets(view)]


def _sets(view: ProteinView) -> list[str]:
    sets = []
    for name, indices in view.sets.items():
        if indices or name == "A":
            site = view.names.get(name) or site_name(indices, offered_sites(view.protein))
            count = f"{len(indices)} residue{'' if len(indices) == 1 else 's'}"
            sets.append(f"**{name}** {plain(f'{site} ({len(indices)})' if site else count)}")
    return sets
