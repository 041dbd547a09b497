"""Sites made by other rules than the pockets of the test, for the benchmarks of error rates; `benchmarks/pockets.py` says what they are."""

import numpy as np

from allo_core.analysis.subject import Subject
from allo_core.attention.draws import draw_sites
from allo_core.attention.nulls import encode_strata
from allo_core.attention.scores import FEWEST_RESIDUES
from allo_core.library.receptors import receptors
from allo_core.library.sites import site_indices

MOST_SHARED = 0.3


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
