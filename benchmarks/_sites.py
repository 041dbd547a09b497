"""For the benchmarks of error rates: runs of receptors, sites made by other rules than the places of the test, and what is said of them.

`benchmarks/pockets.py` says what the sites are.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from allo_core.analysis.places import places_of
from allo_core.analysis.subject import Subject
from allo_core.attention.draws import draw_sites
from allo_core.attention.nulls import encode_strata
from allo_core.attention.scores import FEWEST_RESIDUES
from allo_core.library.receptors import find_receptor, receptors
from allo_core.library.sites import site_indices
from allo_core.models.language_model import load_model
from allo_core.runs.extract import extract_attention
from allo_core.runs.maps import AttentionMaps

MOST_SHARED = 0.3


def runs_of(entries: Sequence[str], model_id: str) -> Iterator[tuple[str, Subject, np.ndarray, AttentionMaps]]:
    """Each receptor's entry, what is known of it, positions of its residues [L, 3], and a run that is forgotten afterwards."""
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        model = load_model(model_id, device="cpu")
        for entry in entries:
            subject = Subject.of(find_receptor(entry).protein)
            places = places_of(subject)
            if subject.numbers is None or places is None:
                raise SystemExit(f"{entry} has no generic numbers or no positions; name another receptor.")
            yield entry, subject, places.positions, extract_attention(model, subject.protein)


def rates(found: Mapping[str, Sequence[tuple[float, int]]], whole: Sequence[bool], what: str) -> str:
    """What tests give where nothing is marked.

    Parameters
    ----------
    found : mapping of str to sequence of (float, int)
        By test, for each site: the share of the heads with p <= 0.05, and how many heads pass.
    whole : sequence of bool
        For each site, whether the global p is at most 0.05.
    what : str
        What the sites are called.
    """
    words = []
    for name, rows in found.items():
        low, passing = np.array(rows).T
        share = (passing > 0).mean()
        error = np.sqrt(share * (1 - share) / len(rows))
        words.append(f"{name}: p<=0.05 {low.mean():.1%}, any {share:.1%} ± {error:.1%}, most {passing.max():.0f}")
    return "; ".join([*words, f"global p<=0.05 {np.mean(whole):.1%}", f"{len(whole)} {what}"])


def sites_of(positions: np.ndarray, subject: Subject, size: int, count: int) -> dict[str, list[np.ndarray]]:
    """At most `count` sites of each kind, 0-based."""
    generator = np.random.default_rng(11)
    known = np.flatnonzero(np.isfinite(positions[:, 0]))
    library = [set(site) for site in subject.sites.values()]
    apart = np.linalg.norm(positions[known][:, None] - positions[known][None], axis=-1)
    starts = generator.permutation(len(known))
    compact = [np.sort(known[np.argsort(apart[start])[:size]]) for start in starts]
    compact = [site for site in compact if _is_other(site, library)]
    codes = encode_strata(subject.numbers.strata(), len(subject.protein))
    scattered = [
        np.sort(draw_sites(codes, np.bincount(codes[site], minlength=codes.max() + 1), 1, n).members[0]) for n, site in enumerate(compact)
    ]
    made = {
        "compact": compact,
        "elongated": [_elongated(positions, known, start, size, generator) for start in starts],
        "spread": [site for start in starts if len(site := _spread(known, np.argsort(apart[start]), size)) == size],
        "stretch": [np.arange(start, start + size) for start in generator.permutation(len(subject.protein) - size + 1)],
        "scattered": [site for site in scattered if np.isin(site, known).all()],
    }
    made["ligand"] = [site for site in carried_over(subject, known) if _is_other(site, library)]
    return {kind: members[:count] for kind, members in made.items() if members}


def carried_over(subject: Subject, known: np.ndarray) -> list[np.ndarray]:
    """Sites of other receptors of the class, at the same generic numbers; those of which four fifths are there."""
    own = subject.receptor.entry if subject.receptor is not None else ""
    place = {number: at for at, number in enumerate(subject.numbers.gpcrdb) if number}
    found: dict[bytes, np.ndarray] = {}
    for receptor in receptors().values():
        numbers = receptor.numbers
        if receptor.entry == own or numbers is None or numbers.receptor_class != subject.numbers.receptor_class:
            continue
        for site in receptor.sites:
            if not site.pdb or site.kind == "transducer":
                continue
            named = [number for at in site_indices(site, receptor.protein, numbers) if (number := numbers.gpcrdb[at])]
            here = np.array(sorted(place[number] for number in named if number in place), dtype=np.int64)
            if len(here) >= max(FEWEST_RESIDUES, 0.8 * len(named)) and np.isin(here, known).all():
                found[here.tobytes()] = here
    return list(found.values())


def _is_other(site: np.ndarray, library: list[set[int]]) -> bool:
    return all(len(other & set(site.tolist())) <= MOST_SHARED * min(len(other), len(site)) for other in library)


def _elongated(positions: np.ndarray, known: np.ndarray, start: int, size: int, generator: np.random.Generator) -> np.ndarray:
    offset = positions[known] - positions[known[start]]
    axis = generator.normal(size=3)
    along = offset @ (axis / np.linalg.norm(axis))
    return np.sort(known[np.argsort((offset**2).sum(axis=1) - along**2 * (1 - 1 / 16))[:size]])


def _spread(known: np.ndarray, nearest: np.ndarray, size: int) -> np.ndarray:
    taken: list[int] = []
    for residue in known[nearest].tolist():
        if all(abs(residue - other) >= 3 for other in taken):
            taken.append(residue)
        if len(taken) == size:
            break
    return np.sort(np.array(taken))
