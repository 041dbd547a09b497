"""Sites by one rule: the contacts of each modulator, from the files of the entries, and how they differ from the shipped lists."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from allo_core.errors import FetchError, StructureError
from allo_core.fetch.site_entries import Entry, NotAtHand
from allo_core.library.modulators import BoundModulator
from allo_core.library.receptors import find_receptor, shipped_sites
from allo_core.library.site import APP, Site
from allo_core.library.site_library import OwnSite
from allo_core.protein.residues import format_residues, parse_residues
from allo_core.protein.sequence import Protein
from allo_core.structure.modulator import Contacts, Modulator, NoContact, Place, modulator_contacts
from allo_core.structure.read import Structure

__all__ = ["Difference", "Outcome", "State", "build_sites", "difference", "merged"]

State = Literal["computed", "no contact", "not at hand", "failed"]

_MOST_NAMED = 8  # residues that the structure shows otherwise


@dataclass(frozen=True)
class Outcome:
    """What became of one modulator in its entry.

    Parameters
    ----------
    bound : BoundModulator
    state : {"computed", "no contact", "not at hand", "failed"}
        "no contact": the entry has the modulator, and it touches no residue of this receptor.
    sites : tuple of OwnSite
        One, or several where copies of the modulator lie at separate places; none unless it was computed.
    reason : str
        Why there are none; "" where there are.
    """

    bound: BoundModulator
    state: State
    sites: tuple[OwnSite, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Difference:
    """A computed site beside the shipped list of the same name: residues in both, in the list alone, and in the computed one alone."""

    shared: tuple[str, ...]
    only_shipped: tuple[str, ...]
    only_computed: tuple[str, ...]


def build_sites(wanted: Sequence[BoundModulator], entry_of: Callable[[str], Entry]) -> Iterator[Outcome]:
    """The sites of some modulators, entry by entry, each as soon as it is known.

    Parameters
    ----------
    wanted : sequence of BoundModulator
    entry_of : callable(code) -> Entry
        As `from_network` and `from_folder` make it; FetchError and StructureError are told as the outcome of that entry.

    Raises
    ------
    Cancelled
    """
    for code, group in groupby(sorted(wanted, key=lambda bound: bound.pdb), key=lambda bound: bound.pdb):
        rows = list(group)
        try:
            entry = entry_of(code)
        except NotAtHand as error:
            yield from (Outcome(bound, "not at hand", reason=str(error)) for bound in rows)
        except (FetchError, StructureError) as error:
            yield from (Outcome(bound, "failed", reason=str(error)) for bound in rows)
        else:
            yield from (_outcome(bound, entry) for bound in rows)


def difference(own: OwnSite) -> Difference | None:
    """How a computed site differs from the shipped list whose place it takes; None where no such list ships."""
    shipped = next((site for site in shipped_sites(own.receptor) if site.name == own.site.name), None)
    if shipped is None:
        return None
    before, after = shipped.residues.split(), own.site.residues.split()
    return Difference(
        tuple(residue for residue in after if residue in before),
        tuple(residue for residue in before if residue not in after),
        tuple(residue for residue in after if residue not in before),
    )


def merged(before: Iterable[OwnSite], outcomes: Iterable[Outcome]) -> tuple[OwnSite, ...]:
    """The sites of this machine after a build: what was asked anew and answered takes the place of what was there; the rest stays."""
    outcomes = list(outcomes)
    answered = {(o.bound.receptor, o.bound.pdb, o.bound.ligand) for o in outcomes if o.state in ("computed", "no contact")}
    kept = [own for own in before if (own.receptor, own.site.pdb, own.site.ligand) not in answered]
    new = [own for outcome in outcomes for own in outcome.sites]
    return tuple(sorted([*kept, *new], key=lambda own: (own.receptor, own.site.pdb, own.site.ligand, own.site.name)))


def _outcome(bound: BoundModulator, entry: Entry) -> Outcome:
    protein = find_receptor(bound.receptor).protein
    try:
        contacts = modulator_contacts(entry.structure, protein, Modulator.parse(bound.ligand))
    except StructureError as error:
        return Outcome(bound, "no contact" if isinstance(error, NoContact) else "failed", reason=str(error))
    sites = tuple(OwnSite(bound.receptor, site, entry.file_sha256) for site in _sites(bound, protein, contacts, entry.structure))
    return Outcome(bound, "computed", sites)


def _sites(bound: BoundModulator, protein: Protein, contacts: Contacts, structure: Structure) -> Iterator[Site]:
    """A site for each place; where a list of this entry ships, only the place that it means, so the one that shares most with it."""
    listed = next((site for site in shipped_sites(bound.receptor) if (site.pdb, site.ligand) == (bound.pdb, bound.ligand)), None)
    places, name, left_out = contacts.places, f"{bound.modulator or Modulator.parse(bound.ligand).name} contacts ({bound.pdb})", ""
    if listed is not None:
        meant = set(parse_residues(listed.residues, protein))
        best = max(places, key=lambda place: len(meant & set(place.residues)))
        if len(places) > 1:
            left_out = f"{len(places) - 1} more of {bound.ligand} elsewhere on the receptor, which the shipped list does not mean"
        places, name = (best,), listed.name
    for number, place in enumerate(places, start=1):
        note = "; ".join(filter(None, (bound.note, _about(place, protein, contacts, structure), left_out)))
        yield Site(
            name if len(places) == 1 else f"{name}, place {number} of {len(places)}",
            bound.kind,
            "partner contacts" if bound.kind == "transducer" else "ligand contacts",
            format_residues(protein, place.residues),
            bound.role,
            bound.modulator,
            bound.pdb,
            bound.ligand,
            "contacts",
            APP,
            f"ligand and role: {bound.annotated_by}; structure: wwPDB, CC0",
            contacts.mapping.chain,
            note,
        )


def _about(place: Place, protein: Protein, contacts: Contacts, structure: Structure) -> str:
    """Copies of the modulator and of the receptor, the species, and residues of the site that the structure shows otherwise."""
    mapping, said = contacts.mapping, []
    if len(place.copies) > 1:
        said.append(f"{len(place.copies)} copies side by side: {', '.join(place.copies)}")
    for chain, size, shared in contacts.others:
        said.append(f"chain {chain} has {size} residues in contact, {shared} of them the same")
    organisms = structure.organisms.get(mapping.chain, ())
    if organisms and "Homo sapiens" not in organisms:
        said.append(f"receptor of {', '.join(organisms)} in the structure")
    changed = [f"{protein.label(index)} is {there}" for index, _, there in mapping.substitutions if index in set(place.residues)]
    if changed:
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        said.append(f"in the structure {', '.join(changed[:_MOST_NAMED])}{more}")
    return "; ".join(said)
