"""What the page shows, as one frozen View; the URL is its serialisation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from allo_core.analysis.measures import MEASURES, Measure
from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.attention.head_card import MOST_PAIRS
from allo_core.attention.nulls import Null
from allo_core.errors import AlloScopeError, SequenceError
from allo_core.fetch import fetched_structure
from allo_core.figures.head_scores import SCORES
from allo_core.library.nearest import numbers_for
from allo_core.library.predicted import predicted_structure
from allo_core.library.receptors import find_receptor
from allo_core.library.sites import receptor_of, sites_of
from allo_core.library.structures import shipped_structures
from allo_core.models.devices import DEVICES, DTYPES, DeviceChoice, Dtype
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein
from allo_core.ui.explore.tracks import read_track
from allo_core.ui.shared import inputs
from allo_core.ui.shared.choices import DRAWS, NULLS, THRESHOLDS
from allo_core.ui.shared.link import head_in_link, one_of, read_fields, read_head, residues_in_link
from allo_core.ui.shared.refs import ProteinRef, StructureRef

__all__ = [
    "COLOURS",
    "LONGEST_NAME",
    "PANELS",
    "SCALES",
    "SETS",
    "View",
    "from_query",
    "offered_sites",
    "offered_structures",
    "protein_of",
    "set_name",
    "starting_view",
    "to_query",
    "toggled",
]

SCALES = {"head": "this head", "model": "all heads"}
COLOURS = {"values": "at the largest value", "fixed": "always at the same value"}
PANELS = {"3d": "3D", "snake": "Snake plot"}
SETS = ("A", "B")
LONGEST_NAME = 40  # letters
# Fields whose text in a link is their value.
_AS_THEY_ARE = (
    "name_a name_b marking model measure null draws score colouring scale pairs chain device dtype colours panel beside beside_structure"
).split()
_MOST_FOREIGN = 3  # notices of parameters that do not exist
_FIRST_RECEPTOR = "AA2AR"
_SHORTEST_PART = 20  # residues; shorter ones occur twice in a receptor by chance
_LONGEST_CHAIN = 8  # letters; mmCIF allows more, no entry uses them


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


@lru_cache(maxsize=64)
def offered_sites(protein_key: str) -> dict[str, tuple[int, ...]]:
    """Library sites by name, for a receptor or for a sequence whose numbers come from one (those of its sites that fit)."""
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


def to_query(view: View) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    plain = View(view.protein)
    protein = protein_of(view)
    query = {"protein": view.protein, "sites": residues_in_link(protein, view.sites)}
    if view.sites_b:
        query["sites_b"] = residues_in_link(protein, view.sites_b)
    for name in _AS_THEY_ARE:
        if getattr(view, name) != getattr(plain, name):
            query[name] = str(getattr(view, name))
    if view.threshold != plain.threshold:
        query["threshold"] = f"{view.threshold:g}"
    if view.head is not None:
        query["head"] = head_in_link(view.head)
    if view.pair is not None:
        query["pair"] = ".".join(str(protein.number(index)) for index in view.pair)
    query["structure"] = view.structure
    return query


def from_query(query: Mapping[str, str]) -> tuple[View, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    if not query:
        return starting_view(), []
    notices: list[str] = []
    view = starting_view()
    if "protein" in query:
        ref = ProteinRef.parse(query["protein"].strip())
        try:
            key = ref.id if ref.kind == "kept" else inputs.key_of(protein_of(View(ref.id)))
            protein_of(View(key))
            view = starting_view(key)
        except AlloScopeError as error:
            return view, [f"The link's protein was ignored: {error}"]
    foreign = [name for name in query if name != "protein" and name not in _READERS]
    notices += [f"The link's {name[:40]!r} means nothing here." for name in foreign[:_MOST_FOREIGN]]
    if len(foreign) > _MOST_FOREIGN:
        notices.append(f"{len(foreign) - _MOST_FOREIGN} more parameters of the link mean nothing here.")
    view, ignored = read_fields(view, query, _READERS)
    return view, notices + ignored


def _read_sites(text: str, view: View) -> tuple[int, ...]:
    protein = protein_of(view)
    return parse_residues(text, protein, numbers_for(protein))


def _read_name(text: str, view: View) -> str:
    name = set_name(text)
    if name != text.strip():
        raise ValueError(f"{text[:40]!r} is not a name of at most {LONGEST_NAME} letters.")
    return name


def set_name(text: str) -> str:
    """What a person typed as the name of a set, on one line, printable and not too long to be read from a slide."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:LONGEST_NAME].strip()


def _read_threshold(text: str, view: View) -> float:
    try:
        value = round(float(text), 2)
    except ValueError:
        value = None
    if value not in THRESHOLDS:
        raise ValueError(f"{text[:20]!r} is not a threshold from 0 to 0.95.")
    return value


def _read_pair(text: str, view: View) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})\.([0-9]{1,6})", text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is not a pair of residues, as in 52.280.")
    protein = protein_of(view)
    return protein.index(int(match[1])), protein.index(int(match[2]))


def _whole_number(smallest: int, largest: int):
    def read(text: str, view: View) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", text) or not smallest <= int(text) <= largest:
            raise ValueError(f"{text[:20]!r} is not a whole number from {smallest} to {largest}.")
        return int(text)

    return read


def _read_draws(text: str, view: View) -> int:
    return int(one_of(tuple(str(count) for count in DRAWS))(text, view))


def _read_structure(text: str, view: View) -> str:
    if text == "":
        return text
    if StructureRef.parse(text).kind == "upload":
        inputs.kept_structure(text)
        return text
    if text in offered_structures(view.protein):
        return text
    if fetched_structure(text) is None:
        raise ValueError(f"{text[:20]!r} does not ship with the app and was not fetched on this machine; fetch it under Structure.")
    return text


def _read_beside(text: str, view: View) -> str:
    return view.protein if text == view.protein else find_receptor(text).entry


def _read_beside_structure(text: str, view: View) -> str:
    if not view.beside:
        raise ValueError(f"there is nothing beside the structure that {text[:20]!r} could be of.")
    return _read_structure(text, View(view.beside))


def _read_chain(text: str, view: View) -> str:
    if len(text) > _LONGEST_CHAIN or not text.isprintable():
        raise ValueError(f"{text[:20]!r} is not the name of a chain.")
    return text


_READERS = {
    "model": one_of(tuple(MODELS)),
    "sites": _read_sites,
    "sites_b": _read_sites,
    "name_a": _read_name,
    "name_b": _read_name,
    "marking": one_of(SETS),
    "measure": one_of(tuple(MEASURES)),
    "threshold": _read_threshold,
    "null": one_of(NULLS),
    "draws": _read_draws,
    "score": one_of(tuple(SCORES)),
    "colouring": read_track,
    "scale": one_of(tuple(SCALES)),
    "colours": one_of(tuple(COLOURS)),
    "panel": one_of(tuple(PANELS)),
    "pairs": _whole_number(0, MOST_PAIRS),
    "device": one_of(("auto", *DEVICES)),
    "dtype": one_of(DTYPES),
    "head": read_head,
    "pair": _read_pair,
    "structure": _read_structure,
    "chain": _read_chain,
    "beside": _read_beside,
    "beside_structure": _read_beside_structure,
}
