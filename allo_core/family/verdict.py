"""The verdict on a set of receptors in one sentence, for the page and the terminal alike."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.family.consensus import Consensus

__all__ = ["consensus_verdict"]


def consensus_verdict(found: "Consensus", title: str, shuffled: int | None = None) -> str:
    """How many heads pass over a set of receptors, and how many do by chance.

    Parameters
    ----------
    found : Consensus
    title : str
        What is asked about, as `ReceptorSet.title`.
    shuffled : int, optional
        How many heads pass where the sequences are shuffled.
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
    return f"{passing} of {heads} heads {looks} {over} (q < {LEVEL:g}){loose}; {chance}{mixed}."
