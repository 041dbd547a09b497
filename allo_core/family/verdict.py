"""The verdict on a set of receptors in one sentence, for the page and the terminal alike."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.family.consensus import Consensus
    from allo_core.family.places import SetPlaces
    from allo_core.family.swap import SwapControl

__all__ = ["consensus_verdict", "swap_sentence"]


def consensus_verdict(found: "Consensus", title: str, shuffled: int | None = None, places: "SetPlaces | str | None" = None) -> str:
    """How many heads pass over a set of receptors against places that hang together like the asked ones, and against random residues.

    Parameters
    ----------
    found : Consensus
    title : str
        What is asked about, as `ReceptorSet.title`.
    shuffled : int, optional
        How many heads pass where the sequences are shuffled.
    places : SetPlaces or str, optional
        How the asked residues stand among places like them, or why that is not known; None: the comparison is to come.
    """
    from allo_core.attention.control import LEVEL  # loads scipy

    count, heads, passing = len(found.members), len(found.frame), len(found.passing())
    clusters = len(set(found.clusters.tolist()))
    over = f"over {count} receptor{'s' if count > 1 else ''} in {clusters} cluster{'s' if clusters > 1 else ''} of homologues"
    if not found.control.n_sites:
        return f"No head is tested {over}: at threshold {found.threshold:.2f} too few of them have arcs; lower it."
    kind = "positions" if found.joint else "residues"
    chance = f"random matched {kind}: median {found.control.median:g}, 95 % at most {found.control.percentile_95:g}"
    mixed = "" if shuffled is None else f"; shuffled sequences: {shuffled}"
    looks = f"look{'s' if passing == 1 else ''} at the {title} more than at segment- and conservation-matched {kind}"
    unmatched = sum(member.numbers is None for member in found.members)
    loose = f"; {unmatched} without generic numbers, compared with residues of the whole sequence" if unmatched else ""
    by_residues = f"{passing} of {heads} heads {looks} {over} (q < {LEVEL:g}){loose}; {chance}{mixed}."
    if places is None:
        return f"{by_residues} The comparison with other places like it follows."
    if isinstance(places, str):
        return f"{by_residues} Not compared with other places like it: {places}."
    return f"{_among_places(places, title, count)}; {by_residues}"


def _among_places(places: "SetPlaces", title: str, members: int) -> str:
    from allo_core.attention.control import LEVEL

    rank = places.rank
    count, tested = len(rank.passing), int(rank.tested.sum())
    if not tested:
        return "No head can be compared with other places"
    verb = "looks" if count == 1 else "look"
    if rank.kind == "stretch":
        others = f"at such a stretch of positions at {rank.n_places:,} places"
    elif places.source:
        others = f"at {rank.n_places:,} random pockets of its size and shape in {places.source}"
    else:
        some = "" if places.receptors == members else f" in the {places.receptors} that have a structure here"
        others = f"at pockets like the sites, moved {rank.n_places:,} times in each receptor{some}, {places.groups} groups independently"
    whole = "looks" if rank.global_p <= LEVEL else "does not look"
    return (
        f"{count} of {tested} heads {verb} at the {title} more than {others} (q < {LEVEL:g}; one or more would at {rank.passing_share:.1%} "
        f"of these, at most {rank.most_passing}); the model as a whole {whole} there more ({rank.n_low} heads have p <= {LEVEL:g}, "
        f"global p {rank.global_p:.2g})"
    )


def swap_sentence(found: "SwapControl") -> str:
    """What is left when receptors get the sites of others, in a sentence."""
    import numpy as np

    from allo_core.attention.control import LEVEL

    tested = int(np.isfinite(found.p_value).sum())
    if not tested:
        return f"No head is tested in the {found.receptors} receptors of class {found.receptor_class}."
    passing = len(found.passing)
    verb = "looks" if passing == 1 else "look"
    strongest = np.argsort(np.nan_to_num(-found.own, nan=np.inf), kind="stable")[: max(1, tested // 10)]
    own, others = found.own[strongest].mean(), found.others[strongest].mean()
    kept = f"; in the tenth of the heads with the highest mean SNR it is {own:.2f} on the own sites and {others:.2f} on those of others"
    return (
        f"{passing} of {tested} heads {verb} at the own sites of the {found.receptors} receptors of class {found.receptor_class} more than "
        f"at each other's, carried over by generic number (q < {LEVEL:g}){kept}."
    )
