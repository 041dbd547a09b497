"""What the page shows, as one frozen View; the URL is its serialisation (`address`)."""

from dataclasses import dataclass, replace
from functools import lru_cache

from allo_core.analysis.measures import Measure, Weighting
from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.attention.nulls import Null
from allo_core.errors import SequenceError
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
    "COLOURS",
    "LONGEST_NAME",
    "PANELS",
    "SCALES",
    "SETS",
    "VALUE_WEIGHTED",
    "View",
    "offered_sites",
    "offered_structures",
    "protein_of",
    "set_name",
    "starting_view",
    "toggled",
]

SCALES = {"head": "this head", "model": "all heads"}
VALUE_WEIGHTED: dict[Weighting, str] = {"attention": "no", "value": "yes"}
COLOURS = {"values": "at the largest value", "fixed": "always at the same value"}
PANELS = {"3d": "3D", "snake": "Snake plot"}
SETS = ("A", "B")
LONGEST_NAME = 40  # letters
_FIRST_RECEPTOR = "AA2AR"
_SHORTEST_PART = 20  # residues; shorter ones occur twice in a receptor by chance


@dataclass(frozen=True)
class View:
    """Everything a person can choose, and nothing that follows from it.

    Parameters
    ----------
    protein : str
        Entry name of a library receptor, a part of one ("GRM5:550-863"), or the key of a kept sequence (`inputs.keep_protein`).
    sites, sites_b : tuple of int
        0-based indices of the residues of set A and of set B.
    marking : {"A", "B"}
        The set that a click on the structure changes.
    model : str
        As `load_model` takes it.
    measure : {"A", "B", "AB", "BA"}
        Attention on A, on B, or from one to the other.
    threshold : float
    null : {"uniform", "matched", "published"}
    draws : int
        Random sets; 0 for the number that the heads need.
    score : str
        A key of SCORES.
    head : (layer, head), optional
        None until a person chooses; the page then shows the best one.
    colouring, scale : str
        A track, and a key of SCALES.
    pairs : int
        How many of the head's strongest pairs are drawn.
    pair : (query, key), optional
        0-based indices of the pair that is pointed out.
    structure : str
        PDB entry of a shipped structure, identifier of a fetched one, key of a kept upload, or empty.
    device, dtype : str
        As `load_model` takes them.
    name_a, name_b : str
        What a person calls the sets; "" where they have no name of their own.
    colours : str
        Where the heatmap's colours end, a key of COLOURS.
    panel : str
        A key of PANELS; "" for the structure where there is one, else for the snake plot.
    chain : str
        Author chain that is shown as the receptor, where the structure has several copies of it; "" for the one that fits best.
    beside, beside_structure : str
        What is shown at the side: ``protein`` itself in another structure, or a receptor of the library; "" for nothing.
    weighting : {"attention", "value"}
        What counts: attention above the threshold, or value-weighted attention, for which the threshold rests.
    frozen : str
        Key of the frozen analysis that was opened; "" for none.
    """

    protein: str
    sites: tuple[int, ...] = ()
    sites_b: tuple[int, ...] = ()
    marking: str = "A"
    model: str = DEFAULT_MODEL
    measure: Measure = "A"
    threshold: float = DEFAULT_THRESHOLD
    null: Null = "matched"
    draws: int = 0
    score: str = "enrichment"
    head: tuple[int, int] | None = None
    colouring: str = "received"
    scale: str = "head"
    pairs: int = 0
    pair: tuple[int, int] | None = None
    structure: str = ""
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"
    name_a: str = ""
    name_b: str = ""
    colours: str = "values"
    panel: str = ""
    chain: str = ""
    beside: str = ""
    beside_structure: str = ""
    weighting: Weighting = "attention"
    frozen: str = ""

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


def protein_of(view: View) -> Protein:
    """The protein of a view.

    Raises
    ------
    LibraryError, StoreError
        It is neither in the library nor kept here.
    SequenceError
        A part of a receptor that does not have these residues.
    """
    if view.protein_ref.kind == "kept":
        return inputs.kept_protein(view.protein)
    if view.protein_ref.kind == "part":
        return _part(*view.protein_ref.part)
    return find_receptor(view.protein).protein


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
    return sites_of(protein_of(View(protein_key)))


def offered_structures(protein_key: str) -> dict[str, str]:
    """Shipped structures, name -> description, of a receptor or of the receptor whose numbers a sequence has; experiments first."""
    receptor = receptor_of(protein_of(View(protein_key)))
    if receptor is None:
        return {}
    offered = {s.entry: f"{s.entry} · {s.description}" for s in shipped_structures(receptor.entry)}
    model = predicted_structure(receptor.entry)
    return offered if model is None else offered | {model.name: f"{model.name} · AlphaFold model, predicted"}


def starting_view(protein_key: str = _FIRST_RECEPTOR, base: View | None = None) -> View:
    """The view on opening a protein: its first site and structure, other choices kept from ``base``."""
    view = View(protein_key, next(iter(offered_sites(protein_key).values()), ()), structure=next(iter(offered_structures(protein_key)), ""))
    if base is None:
        return view
    return replace(
        base,
        protein=protein_key,
        sites=view.sites,
        sites_b=(),
        name_a="",
        name_b="",
        marking="A",
        measure="A",
        structure=view.structure,
        chain="",
        beside="" if base.beside in (base.protein, protein_key) else base.beside,
        beside_structure="" if base.beside in (base.protein, protein_key) else base.beside_structure,
        head=None,
        pair=None,
    )


def toggled(sites: tuple[int, ...], index: int) -> tuple[int, ...]:
    """The marked residues after a click on one: added if absent, else taken away."""
    return tuple(sorted(set(sites) ^ {index}))


def set_name(text: str) -> str:
    """What a person typed as the name of a set, on one line, printable and not too long to be read from a slide."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:LONGEST_NAME].strip()
