"""The receptors and their numbers that ship with the app, and their sites: the shipped lists, or those that this machine has computed.

The files under allo_core/data are written by ``python -m allo_core.library.build``, where the sources are named.
"""

import difflib
import gzip
import json
import re
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import chain, repeat
from pathlib import Path

import numpy as np

from allo_core.errors import LibraryError
from allo_core.library.site import Site
from allo_core.library.site_library import LibraryState, SiteLibrary, in_place_of, read_site_library, site_library_state
from allo_core.protein.numbering import ResidueNumbers, ballesteros_weinstein
from allo_core.protein.sequence import Protein

__all__ = [
    "DATA",
    "SODIUM_POCKET",
    "Receptor",
    "Site",
    "find_receptor",
    "has_asd_lists",
    "own_site_library",
    "receptors",
    "shipped_sites",
    "site_library_problem",
]

DATA = Path(__file__).resolve().parents[1] / "data"
# The lists that go back to the AlloSteric Database first; a build may leave that file out.
_ASD_LISTS = "sites_asd.json"
_SITE_FILES = (_ASD_LISTS, "sites.json")

# The class A sodium pocket, 16 positions: Katritch et al., Trends Biochem. Sci. 39, 233 (2014).
SODIUM_POCKET = "1x50 1x53 2x46 2x47 2x49 2x50 3x35 3x39 3x43 6x44 6x48 7x45 7x46 7x49 7x50 7x53".split()


@dataclass(frozen=True)
class Receptor:
    """One human GPCR of the library (UniProt entry name without its species, as in AA2AR)."""

    entry: str
    accession: str
    name: str
    receptor_class: str
    protein: Protein
    sites: tuple[Site, ...] = field(repr=False)

    @property
    def kin(self) -> str:
        """The sequence by which its homologues are known."""
        return self.protein.sequence

    @property
    def numbers(self) -> ResidueNumbers | None:
        """Segments and generic numbers; None where the sources disagree on the sequence or give no number."""
        return _numbers(self.entry)


def receptors() -> dict[str, Receptor]:
    """All receptors by entry name, with the sites that count on this machine now."""
    return _library(site_library_state())


def shipped_sites(entry: str) -> tuple[Site, ...]:
    """The lists that ship for a receptor, whatever this machine has computed; without the class A sodium pocket."""
    return _shipped().get(entry, ())


def own_site_library() -> SiteLibrary | None:
    """The sites that this machine has computed and uses; None where the shipped lists are used, also because its file is damaged."""
    return _own(site_library_state())[0]


def site_library_problem() -> str:
    """Why this machine's own sites cannot be used, in a sentence; "" where there are none or nothing is wrong."""
    return _own(site_library_state())[1]


def has_asd_lists() -> bool:
    """Whether this build has the lists that go back to the AlloSteric Database."""
    return (DATA / _ASD_LISTS).is_file()


def find_receptor(text: str) -> Receptor:
    """The receptor with this entry name (AA2AR, AA2AR_HUMAN), UniProt accession (P29274) or both (sp|P29274|AA2AR_HUMAN).

    Raises
    ------
    LibraryError
        With the nearest entry names.
    """
    wanted = re.sub(r"^(SP|TR)\|([^|]+)\|.*", r"\2", text.strip().upper()).removesuffix("_HUMAN")
    by_entry = receptors()
    if wanted in by_entry:
        return by_entry[wanted]
    for receptor in by_entry.values():
        if receptor.accession == wanted:
            return receptor
    near = difflib.get_close_matches(wanted, by_entry, n=3, cutoff=0.5)
    words = [r.entry for r in by_entry.values() if wanted and wanted in r.name.upper()][:3]
    hint = f"; near it: {', '.join(words or near)}" if words or near else ""
    raise LibraryError(f"{text.strip()[:40]!r} is not among the {len(by_entry)} receptors of the library{hint}.")


@cache
def _raw() -> dict:
    return json.loads(gzip.decompress((DATA / "receptors.json.gz").read_bytes()))


@cache
def _rows() -> dict[str, dict]:
    return {row["entry"]: row for row in _raw()["receptors"]}


@cache
def _shipped() -> dict[str, tuple[Site, ...]]:
    found: dict[str, list[Site]] = {}
    for path in [DATA / name for name in _SITE_FILES]:
        if path.is_file():
            for row in json.loads(path.read_text(encoding="utf-8")):
                found.setdefault(row.pop("receptor"), []).append(Site(**row))
    return {entry: tuple(sites) for entry, sites in found.items()}


@lru_cache(maxsize=2)
def _own(state: LibraryState) -> tuple[SiteLibrary | None, str]:
    if state is None:
        return None, ""
    try:
        return read_site_library({entry: row["sequence"] for entry, row in _rows().items()}), ""
    except LibraryError as error:
        return None, str(error)


@lru_cache(maxsize=2)
def _library(state: LibraryState) -> dict[str, Receptor]:
    library, _ = _own(state)
    own: dict[str, list[Site]] = {}
    for one in library.sites if library is not None else ():
        own.setdefault(one.receptor, []).append(one.site)
    shipped = _without_own_sites()
    changed = {
        entry: replace(shipped[entry], sites=_sodium_pocket(_rows()[entry]) + in_place_of(shipped_sites(entry), sites))
        for entry, sites in own.items()
    }
    return shipped | changed


@cache
def _without_own_sites() -> dict[str, Receptor]:
    return {
        row["entry"]: Receptor(
            row["entry"],
            row["accession"],
            row["name"],
            row["class"],
            Protein(row["entry"], row["sequence"]),
            _sodium_pocket(row) + shipped_sites(row["entry"]),
        )
        for row in _rows().values()
    }


def _sodium_pocket(row: dict) -> tuple[Site, ...]:
    if row["class"] != "A" or not set(SODIUM_POCKET) <= set(row.get("gpcrdb", "").split()):
        return ()
    return (
        Site(
            "sodium pocket",
            "allosteric",
            "the 16 class A positions; not every class A receptor binds sodium",
            " ".join(SODIUM_POCKET),
            modulator="Na+",
            rule="positions",
            compiler="Katritch et al. 2014",
        ),
    )


@cache
def _numbers(entry: str) -> ResidueNumbers | None:
    row = _rows()[entry]
    if not row.get("gpcrdb", "").strip("- "):
        return None
    segment = tuple("" if name == "-" else name for name in chain.from_iterable(repeat(name, count) for name, count in row["segment"]))
    gpcrdb = tuple("" if number == "-" else number for number in row["gpcrdb"].split())
    family = _raw()["family_conservation"][row["class"]] if any(gpcrdb) else {}
    return ResidueNumbers(
        entry,
        row["class"],
        1.0,
        tuple(range(len(segment))),
        segment,
        gpcrdb,
        ballesteros_weinstein(segment, gpcrdb),
        np.array([family.get(number, np.nan) for number in gpcrdb], dtype=float),
        np.array([np.nan if value is None else value / 100 for value in row["ortholog_percent"]], dtype=float),
    )
