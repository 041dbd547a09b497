"""What every page of one protein shows: the protein, the marked residues, the model, the structure."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self, TypeVar

from allo_core.errors import SequenceError
from allo_core.folding.esmfold import kept_esmfold
from allo_core.folding.offers import ESMFOLD_FOLD, first_fold, offered_folds
from allo_core.library.predicted import predicted_structure
from allo_core.library.receptors import find_receptor
from allo_core.library.site_library import LibraryState, site_library_state
from allo_core.library.sites import receptor_of, sites_of
from allo_core.library.structures import shipped_structures
from allo_core.models.devices import DeviceChoice, Dtype
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.ui.shared import inputs
from allo_core.ui.shared.refs import ProteinRef, StructureRef

__all__ = [
    "FIRST_RECEPTOR",
    "LONGEST_NAME",
    "PANELS",
    "SETS",
    "ProteinView",
    "folds_of",
    "named_protein",
    "offered_sites",
    "offered_structures",
    "opened",
    "protein_of",
    "set_name",
    "toggled",
]

PANELS = {"3d": "3D", "snake": "Snake plot"}
SETS = ("A", "B")
LONGEST_NAME = 40  # letters
FIRST_RECEPTOR = "AA2AR"
_SHORTEST_PART = 20  # residues; shorter ones occur twice in a receptor by chance

View = TypeVar("View", bound="ProteinView")


@dataclass(frozen=True)
class ProteinView:
    """What a person can choose on every page of one protein; each page adds its own fields.

    Parameters
    ----------
    protein : str
        Entry name of a library receptor, a part of one ("GRM5:550-863"), or the key of a kept sequence (`inputs.keep_protein`).
    sites, sites_b : tuple of int
        0-based indices of the residues of set A and of set B.
    marking : {"A", "B"}
        The set that is being marked.
    model : str
        As `load_model` takes it.
    structure : str
        PDB entry of a shipped structure, identifier of a fetched one, key of a kept upload, or empty.
    device, dtype : str
        As `load_model` takes them.
    name_a, name_b : str
        What a person calls the sets; "" where they have no name of their own.
    panel : str
        A key of PANELS; "" for the structure where there is one, else for the snake plot.
    chain : str
        Author chain that is shown as the receptor, where the structure has several copies of it; "" for the one that fits best.
    pair : (query, key), optional
        0-based indices of the pair that is pointed out.
    """

    protein: str
    sites: tuple[int, ...] = ()
    sites_b: tuple[int, ...] = ()
    marking: str = "A"
    model: str = DEFAULT_MODEL
    structure: str = ""
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"
    name_a: str = ""
    name_b: str = ""
    panel: str = ""
    chain: str = ""
    pair: tuple[int, int] | None = None

    @property
    def sets(self) -> dict[str, tuple[int, ...]]:
        """The residues of the sets "A" and "B"."""
        return {"A": self.sites, "B": self.sites_b}

    @property
    def names(self) -> dict[str, str]:
        """What a person calls the sets that have residues and a name."""
        names = {"A": self.name_a, "B": self.name_b}
        return {name: own for name, own in names.items() if own and self.sets[name]}

    @property
    def protein_ref(self) -> ProteinRef:
        """Which protein is shown."""
        return ProteinRef.parse(self.protein)

    @property
    def structure_ref(self) -> StructureRef | None:
        """Which structure is shown; None where none is."""
        return StructureRef.parse(self.structure) if self.structure else None

    def of_another_protein(self, key: str) -> Self:
        """What of a page's own fields stays when the protein ``key`` is opened; called while the view still shows the one before."""
        return self

    def consistent(self) -> Self:
        """The view, its own fields brought in line with the residues that are marked; called when marks came from another protein."""
        return self


def protein_of(view: ProteinView) -> Protein:
    """The protein of a view; errors as for `named_protein`."""
    return named_protein(view.protein)


def named_protein(key: str) -> Protein:
    """The protein of this key, as `ProteinView` has it.

    Raises
    ------
    LibraryError, StoreError
        It is neither in the library nor kept here.
    SequenceError
        A part of a receptor that does not have these residues.
    """
    ref = ProteinRef.parse(key)
    if ref.kind == "kept":
        return inputs.kept_protein(key)
    if ref.kind == "part":
        return _part(*ref.part)
    return find_receptor(key).protein


def _part(entry: str, first: int, last: int) -> Protein:
    receptor = find_receptor(entry)
    length = len(receptor.protein)
    if not 1 <= first <= last - _SHORTEST_PART + 1 <= length - _SHORTEST_PART + 1:
        raise SequenceError(
            f"{receptor.entry} has no part {first}-{last}; it has residues 1 to {length}, and a part at least {_SHORTEST_PART} of them."
        )
    return receptor.protein.crop(first, last)


def offered_sites(protein_key: str) -> dict[str, tuple[int, ...]]:
    """Library sites by name, for a receptor or for a sequence whose numbers come from one (those of its sites that fit)."""
    return _offered_sites(protein_key, site_library_state())


@lru_cache(maxsize=64)
def _offered_sites(protein_key: str, sites: LibraryState) -> dict[str, tuple[int, ...]]:
    return sites_of(named_protein(protein_key))


def offered_structures(protein_key: str) -> dict[str, str]:
    """Shipped structures, name -> description, of a receptor or of the receptor whose numbers a sequence has; experiments first."""
    receptor = receptor_of(named_protein(protein_key))
    if receptor is None:
        return {}
    offered = {s.entry: f"{s.entry} · {s.description}" for s in shipped_structures(receptor.entry)}
    model = predicted_structure(receptor.entry)
    return offered if model is None else offered | {model.name: f"{model.name} · AlphaFold model, predicted"}


def folds_of(protein_key: str) -> dict[str, str]:
    """Folds, name -> description, of a protein of which no experiment ships: ESMFold's where it is kept, then those that the app draws."""
    protein = named_protein(protein_key)
    receptor = receptor_of(protein)
    if receptor is not None and shipped_structures(receptor.entry):
        return {}
    folded = kept_esmfold(protein)
    whole = {} if folded is None else {ESMFOLD_FOLD: f"{folded.name} · all atoms, predicted, mean pLDDT {folded.plddt.mean():.0f}"}
    return whole if receptor is None else whole | offered_folds(protein)


def opened(view: View, key: str) -> View:
    """A view on opening the protein ``key``: its first site, and its first structure or else a fold; other choices stay where they can."""
    return replace(
        view.of_another_protein(key),
        protein=key,
        sites=next(iter(offered_sites(key).values()), ()),
        sites_b=(),
        name_a="",
        name_b="",
        marking="A",
        structure=next(iter(offered_structures(key)), "") or first_fold(named_protein(key)),
        chain="",
        pair=None,
    )


def toggled(sites: tuple[int, ...], index: int) -> tuple[int, ...]:
    """The marked residues after a click on one: added if absent, else taken away."""
    return tuple(sorted(set(sites) ^ {index}))


def set_name(text: str) -> str:
    """What a person typed as the name of a set, on one line, printable and not too long to be read from a slide."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:LONGEST_NAME].strip()
