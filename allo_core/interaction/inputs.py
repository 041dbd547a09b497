"""What a model of pairs is given, from a language model: the vectors of both sides, each cut as that side is."""

from collections.abc import Callable

from allo_core.interaction.cuts import REGIONS, SEGMENTS
from allo_core.interaction.features import Cut, token_vectors
from allo_core.interaction.pairs import PairInputs, PairSet
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.storage.cancel import CancelEvent

__all__ = ["STRETCHES", "pair_inputs"]

# Names of the stretches of a cut.
STRETCHES: dict[Cut, tuple[str, ...]] = {"published": SEGMENTS, "regions": REGIONS}


def pair_inputs(
    model: ProteinLanguageModel,
    pairs: PairSet,
    cuts: tuple[Cut, Cut],
    tokens: tuple[tuple[str, ...], tuple[str, ...]],
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> PairInputs:
    """Read all proteins, or take the vectors that are kept of them.

    Parameters
    ----------
    model : ProteinLanguageModel
    pairs : PairSet
    cuts : tuple of (Cut, Cut)
        Of side A and of side B.
    tokens : tuple of (tuple of str, tuple of str)
        Names of the vectors of A and of B, as `tokens_for` gives them.
    progress : callable(done, proteins), optional
        Called twice for each protein where the sides are cut differently.
    cancel : CancelEvent, optional

    Raises
    ------
    SequenceError, DeviceError, StoreError
        As `token_vectors` does.
    Cancelled
    """
    vectors = {cut: token_vectors(model, pairs.proteins, cut, progress, cancel) for cut in dict.fromkeys(cuts)}
    first, second = (vectors[cut].pick(names) for cut, names in zip(cuts, tokens, strict=True))
    return PairInputs(pairs, first, second)
