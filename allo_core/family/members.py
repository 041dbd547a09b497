"""Which receptors a set holds, and which residues are asked about in each."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from allo_core.analysis.strata import possible_null, strata_of
from allo_core.analysis.subject import Subject
from allo_core.errors import ResidueError, ScoreError
from allo_core.library.nearest import seven_tm_domain
from allo_core.library.receptors import SODIUM_POCKET, Receptor, has_asd_lists, receptors
from allo_core.library.site import describe_site
from allo_core.library.sites import site_indices
from allo_core.models.registry import ModelSpec
from allo_core.protein.numbering import BALLESTEROS_NUMBER, GPCRDB_NUMBER, ResidueNumbers
from allo_core.protein.sequence import Protein

__all__ = ["Member", "ReceptorSet", "Refused", "fitted", "library_set", "parse_positions", "positions_set", "positions_title"]

_MOST_UNNUMBERED = 40  # members; 780 alignments of 400 residues take about a minute
# At Nx50 both numbering schemes agree, so D2.50 is D2x50.
_REQUIRED = re.compile(r"([A-Za-z])(\d{1,2})(?:[xX]|\.)(\d{2,3})")


@dataclass(frozen=True)
class Member:
    """One receptor of a set.

    Parameters
    ----------
    name : str
        Entry name, or what the person called the sequence.
    protein : Protein
    numbers : ResidueNumbers or None
        Of this protein.
    sites : tuple of int
        The residues that are asked about, 0-based, ascending, at least one.
    note : str
        What a person should know of it, such as that only a part is read.
    original : str
        The sequence by which its homologues are known, where that is not the one the model reads; empty: it is.
    """

    name: str
    protein: Protein
    numbers: ResidueNumbers | None = field(repr=False)
    sites: tuple[int, ...]
    note: str = ""
    original: str = field(default="", repr=False)

    @property
    def kin(self) -> str:
        """The sequence by which its homologues are known, length L."""
        return self.original or self.protein.sequence

    @property
    def numbered(self) -> ResidueNumbers:
        """Its generic numbers; ScoreError where there are none."""
        if self.numbers is None:
            raise ScoreError(f"{self.name} has no generic numbers.")
        return self.numbers

    @property
    def asked_positions(self) -> frozenset[str]:
        """The GPCRdb numbers of the residues that are asked about; residues without one are left aside."""
        return frozenset() if self.numbers is None else frozenset(filter(None, (self.numbers.gpcrdb[at] for at in self.sites)))

    @property
    def subject(self) -> Subject:
        """The protein with the numbers that it has in this set."""
        return Subject(self.protein, self.numbers)

    def strata(self) -> tuple[str, ...] | None:
        """Stratum of each residue for the matched null; None where there are no generic numbers (the null is uniform then)."""
        return strata_of(possible_null("matched", self.numbers), self.numbers, self.name)


@dataclass(frozen=True)
class Refused:
    """A row of a set that takes no part: where it stands ("row 3", or the entry name), and why."""

    where: str
    reason: str


@dataclass(frozen=True)
class ReceptorSet:
    """Some receptors and a question.

    Parameters
    ----------
    title : str
        What is asked about, in words: "sodium-pocket positions of class A".
    members : tuple of Member
    refused : tuple of Refused
    positions : tuple of str
        The GPCRdb numbers that are asked about in every member alike; empty where each member has residues of its own.
    receptor_class : str
        That of all members, where `positions` are given.
    """

    title: str
    members: tuple[Member, ...]
    refused: tuple[Refused, ...] = ()
    positions: tuple[str, ...] = ()
    receptor_class: str = ""

    @property
    def key(self) -> str:
        """The same for the same members, residues and positions; 16 hexadecimal digits."""
        facts = [(member.name, member.protein.sequence, member.protein.first, member.sites) for member in self.members]
        return hashlib.sha256(repr((self.positions, facts)).encode()).hexdigest()[:16]


def positions_set(text: str, receptor_class: str = "A", required: str = "", entries: Iterable[str] | None = None) -> ReceptorSet:
    """The receptors of one class that have all the given generic positions.

    Parameters
    ----------
    text : str
        GPCRdb numbers (``"2x50 3x39 7x49"``), or ``"sodium pocket"`` for the 16 class A positions.
    receptor_class : str
        As the library names it: A, B, C, F or T (taste).
    required : str
        A residue that a receptor must have, as ``"D2.50"``; what that says of sodium is told in docs/receptor-sets.md.
    entries : iterable of str, optional
        Only these entry names; by default the whole class.

    Raises
    ------
    ScoreError
        Text that names no position, an unknown class, or no receptor left.
    """
    classes = sorted({receptor.receptor_class for receptor in receptors().values()})
    if receptor_class not in classes:
        raise ScoreError(f"There is no receptor class {receptor_class[:20]!r}; the classes are {', '.join(classes)}.")
    pocket = text.strip().lower() in ("sodium pocket", "sodium-pocket positions")
    if pocket and receptor_class != "A":
        raise ScoreError(f"The sodium pocket is that of class A; give the positions of class {receptor_class} by number.")
    positions = tuple(SODIUM_POCKET) if pocket else parse_positions(text)
    needed = _parse_required(required) if required.strip() else None
    members, refused = [], []
    for entry in receptors() if entries is None else entries:
        receptor = receptors().get(entry)
        outcome = _at_positions(receptor, entry, positions, receptor_class, needed)
        if isinstance(outcome, Member):
            members.append(outcome)
        elif entries is not None or (
            receptor is not None and receptor.receptor_class == receptor_class
        ):  # those of other classes were never meant
            refused.append(outcome)
    if not members:
        raise ScoreError(f"No receptor of class {receptor_class} has {', '.join(positions)}{' and ' + required if required else ''}.")
    condition = f" with {required.strip()}" if needed else ""
    return ReceptorSet(
        f"{positions_title(positions)} of class {receptor_class}{condition}", tuple(members), tuple(refused), positions, receptor_class
    )


def positions_title(positions: tuple[str, ...]) -> str:
    """What to call some generic positions in a sentence."""
    return "sodium-pocket positions" if set(positions) == set(SODIUM_POCKET) else ", ".join(positions)


def parse_positions(text: str) -> tuple[str, ...]:
    """GPCRdb numbers, each once, in the order given; ScoreError naming the first word that is none."""
    positions: dict[str, None] = {}
    for word in re.split(r"[\s,;]+", text.strip()):
        if match := GPCRDB_NUMBER.fullmatch(word):
            positions[f"{match[1]}x{match[2]}"] = None
        elif BALLESTEROS_NUMBER.fullmatch(word):
            raise ScoreError(f"{word}: write the GPCRdb number (2x50); N.MM names other residues where a helix has a bulge.")
        elif word:
            raise ScoreError(f"{word[:40]!r} is not a generic position; write 2x50 3x39, or sodium pocket.")
    if not positions:
        raise ScoreError("No position is given; write GPCRdb numbers such as 2x50 3x39, or sodium pocket.")
    return tuple(positions)


def library_set(kind: str = "allosteric", evidence: str = "") -> ReceptorSet:
    """Every receptor with a library site of one kind, with all its residues of that kind.

    The class A sodium-pocket positions, which every class A receptor has, are not evidence of a site and are left out.

    Parameters
    ----------
    kind : {"allosteric", "orthosteric", "transducer"}
    evidence : str
        Only sites with this evidence ("ligand contacts", "neighbourhood"); empty: any.

    Raises
    ------
    ScoreError
        Nothing of this kind and evidence, with the kinds there are.
    """
    members = []
    for receptor in receptors().values():
        sites = [site for site in receptor.sites if site.kind == kind and site.pdb and evidence in ("", site.evidence)]
        if sites:
            marked = sorted({index for site in sites for index in site_indices(site, receptor.protein, receptor.numbers)})
            note = " ".join(f"{site.name} ({site.evidence}): {describe_site(site)}" for site in sites)
            members.append(Member(receptor.entry, receptor.protein, receptor.numbers, tuple(marked), note))
    if not members:
        kinds = sorted({site.kind for receptor in receptors().values() for site in receptor.sites})
        hint = (
            "" if has_asd_lists() else " This build leaves out the lists of the AlloSteric Database; 'alloscope sites build' computes some."
        )
        raise ScoreError(
            f"The library has no {kind} sites{f' from {evidence}' if evidence else ''}; its kinds are {', '.join(kinds)}.{hint}"
        )
    return ReceptorSet(f"{kind} sites of the library{f', {evidence}' if evidence else ''}", tuple(members))


def fitted(whole: ReceptorSet, spec: ModelSpec) -> ReceptorSet:
    """The set as a model can read it: a receptor longer than the model knows is read by its 7TM domain, or refused.

    A domain is used only if it holds every residue that is asked about.
    """
    most = spec.longest or spec.trained_tokens - 2
    unnumbered = sum(member.numbers is None for member in whole.members)
    if unnumbered > _MOST_UNNUMBERED:
        raise ScoreError(
            f"{unnumbered} sequences are like no receptor of the library; every pair of them must be aligned, so a set takes at most "
            f"{_MOST_UNNUMBERED}. Score more of them one by one with batch."
        )
    members, refused = [], list(whole.refused)
    for member in whole.members:
        short = member if len(member.protein) <= most else _domain(member, most)
        if short is None:
            reason = f"{len(member.protein):,} residues are more than the {most:,} of {spec.label}, and no 7TM domain holds the site"
            refused.append(Refused(member.name, reason))
        else:
            members.append(short)
    if not members:
        raise ScoreError(f"{spec.label} can read none of the {len(whole.members)} receptors; choose another model.")
    return replace(whole, members=tuple(members), refused=tuple(refused))


def _domain(member: Member, most: int) -> Member | None:
    domain = seven_tm_domain(member.protein, member.numbers)
    if domain is None or len(domain) > most:
        return None
    start = domain.first - member.protein.first
    sites = tuple(index - start for index in member.sites)
    if sites[0] < 0 or sites[-1] >= len(domain):
        return None
    note = f"7TM domain, {domain.first} to {domain.first + len(domain) - 1}"
    return Member(
        member.name,
        domain,
        member.numbered.crop(start, start + len(domain)),
        sites,
        f"{member.note}; {note}".lstrip("; "),
        member.original[start : start + len(domain)],
    )


def _at_positions(
    receptor: Receptor | None, entry: str, positions: tuple[str, ...], receptor_class: str, needed: tuple[str, str] | None
) -> Member | Refused:
    if receptor is None:
        return Refused(entry[:40], "is not in the library")
    if receptor.receptor_class != receptor_class:
        words = f"is class {receptor.receptor_class}, where the positions of class {receptor_class} name other residues"
        return Refused(receptor.entry, words)
    numbers = receptor.numbers
    if numbers is None:
        return Refused(receptor.entry, "has no generic numbers")
    place = {number: index for index, number in enumerate(numbers.gpcrdb) if number}
    if missing := [position for position in positions if position not in place]:
        return Refused(receptor.entry, f"lacks {', '.join(missing)}")
    if needed is not None:
        letter, position = needed
        found = receptor.protein.sequence[place[position]] if position in place else "nothing"
        if found != letter:
            return Refused(receptor.entry, f"has {found} at {position}, not {letter}")
    sites = tuple(sorted(place[position] for position in positions))
    return Member(receptor.entry, receptor.protein, numbers, sites)


def _parse_required(text: str) -> tuple[str, str]:
    match = _REQUIRED.fullmatch(text.strip())
    if match is None:
        raise ResidueError(f"{text.strip()[:40]!r} is not a residue at a position; write D2.50.")
    if "." in text and match[3] != "50":
        raise ResidueError(f"{text.strip()}: write the GPCRdb number ({match[1]}{match[2]}x{match[3]}); the two schemes agree at 50 alone.")
    return match[1].upper(), f"{match[2]}x{match[3]}"
