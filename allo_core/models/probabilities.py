"""What a model expects at each residue: probabilities of the twenty residues, mutation scores, pseudo-perplexity.

All are among the twenty residues alone: the 25 to 64 tokens of a vocabulary are cut to them, and softmax is taken anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.errors import SequenceError
from allo_core.models.reading import Last, Readable, Reader, Want, check_fits, read
from allo_core.models.tokens import VOCABULARIES
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32, Int

__all__ = [
    "MutationScores",
    "ProbabilitiesReader",
    "ResidueProbabilities",
    "fill_masked",
    "mutation_scores",
    "pseudo_perplexity",
    "residue_probabilities",
]

# Names in use for the two (fair-esm 2.0.0, examples/variant-prediction): "masked-marginals" and "wt-marginals".
MutationScores = Literal["masked", "wild-type"]


@dataclass(frozen=True, eq=False)
class ResidueProbabilities:
    """What a model expects at each residue of a protein.

    Parameters
    ----------
    protein : Protein
    log_p : ndarray, dtype=float32, shape=(L, 20)
        Natural logarithm of the probability of each residue of ``letters``, at each position; NaN where it was not asked for.
    masked : bool
        True: each position was masked when it was asked for, so the model had to guess it from all others.  False: one pass over the
        sequence as it is, in which the model sees the residue that it is asked for.  That ranks mutations nearly alike, but its
        probabilities of the wild type are far too high: it is a ranking and no probability.
    """

    protein: Protein
    log_p: "Float32[np.ndarray, 'L 20']"
    masked: bool
    letters: str = AMINO_ACIDS

    @property
    def entropy(self) -> "Float[np.ndarray, ' L']":
        """Shannon entropy of each position in bits: 0 if one residue is certain, log2(20) = 4.32 if all are alike."""
        log_p = self.log_p.astype(np.float64)
        return -(np.exp(log_p) * log_p).sum(axis=1) / np.log(2)

    @property
    def wild_type(self) -> "Float[np.ndarray, ' L']":
        """Probability of the residue that is there; NaN where its letter is none of the twenty (X, B, Z, U, O)."""
        return np.exp(self.log_wild_type)

    @property
    def log_wild_type(self) -> "Float[np.ndarray, ' L']":
        """Natural logarithm of `wild_type`."""
        columns = _columns_of(self.protein.sequence)
        found = self.log_p[np.arange(len(columns)), columns].astype(np.float64)
        return np.where(columns >= 0, found, np.nan)

    @property
    def expected(self) -> str:
        """The likeliest residue of each position; "-" where nothing was asked."""
        return "".join("-" if np.isnan(row).any() else self.letters[int(row.argmax())] for row in self.log_p)

    @property
    def log_odds(self) -> "Float32[np.ndarray, 'L 20']":
        """log p(residue) - log p(wild type) in nats: 0 at the wild type; a row of NaN where there is no wild type or nothing was asked."""
        return (self.log_p - self.log_wild_type[:, None]).astype(np.float32)

    @property
    def mean_log_odds(self) -> "Float[np.ndarray, ' L']":
        """Mean of `log_odds` over the nineteen other residues, in nats; NaN where there is no wild type or nothing was asked."""
        return self.log_odds.astype(np.float64).sum(axis=1) / (len(self.letters) - 1)  # the wild type adds 0

    @property
    def perplexity(self) -> float:
        """exp(-mean log p(wild type)) over the positions that were asked and have one of the twenty; NaN if there is none.

        If ``masked``, it is the pseudo-perplexity (Salazar et al. 2020).  If not, it has another meaning, and is much smaller.
        """
        known = self.log_wild_type[np.isfinite(self.log_wild_type)]
        return float(np.exp(-known.mean())) if len(known) else float("nan")


class ProbabilitiesReader(Reader):
    """Keeps the log-probabilities of the twenty residues.

    Attributes
    ----------
    log_p : ndarray, dtype=float32, shape=(L, 20)
        There after the pass.
    """

    wants: frozenset[Want] = frozenset({"logits"})
    log_p: "Float32[np.ndarray, 'L 20']"

    def finish(self, last: Last) -> None:
        import torch

        columns = [VOCABULARIES[last.tokens.family].index(letter) for letter in AMINO_ACIDS]
        with torch.inference_mode():
            self.log_p = torch.log_softmax(last.tokens.cut(last.logits, 0)[:, columns], dim=-1).cpu().numpy().copy()


def residue_probabilities(
    model: Readable,
    protein: Protein,
    masked: bool = True,
    residues: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> ResidueProbabilities:
    """What a model expects at each residue of a protein.

    Parameters
    ----------
    masked : bool
        True takes a pass for each residue, in which that residue alone is masked; False takes one pass over the sequence as it is.
    residues : sequence of int, optional
        0-based; only these are asked.  All by default.
    progress : callable(done, total), optional
        Told how many passes are done.
    cancel : CancelEvent, optional
        Asked between passes and layers.

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory.
    IndexError
        A residue that the protein does not have.
    Cancelled
    """
    tokens = check_fits(model, protein)
    asked = range(len(protein)) if residues is None else tuple(dict.fromkeys(residues))
    tokens.check_residues(asked)
    reader = ProbabilitiesReader()
    if not masked:
        read(model, tokens, [reader], cancel=cancel)
        return ResidueProbabilities(protein, _rows(reader.log_p, asked), masked=False)
    log_p = np.full((len(protein), len(AMINO_ACIDS)), np.nan, dtype=np.float32)
    for done, residue in enumerate(asked, 1):
        read(model, tokens.masked([residue]), [reader], cancel=cancel)
        log_p[residue] = reader.log_p[residue]
        if progress is not None:
            progress(done, len(asked))
    return ResidueProbabilities(protein, log_p, masked=True)


def fill_masked(model: Readable, protein: Protein, residues: Sequence[int], cancel: CancelEvent | None = None) -> ResidueProbabilities:
    """What a model would put in the place of several residues that are all masked together, in one pass.

    Each position is asked by itself: their likeliest residues need not be the likeliest combination.

    Parameters
    ----------
    residues : sequence of int
        0-based; the rows of all others are NaN.

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory.
    IndexError
        A residue that the protein does not have.
    Cancelled
    """
    tokens = check_fits(model, protein)
    asked = list(dict.fromkeys(residues))
    reader = ProbabilitiesReader()
    read(model, tokens.masked(asked), [reader], cancel=cancel)
    return ResidueProbabilities(protein, _rows(reader.log_p, asked), masked=True)


def mutation_scores(
    model: Readable,
    protein: Protein,
    kind: MutationScores = "masked",
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> "Float32[np.ndarray, 'L 20']":
    """log p(residue) - log p(wild type) of every single substitution, in nats; columns in the order of `AMINO_ACIDS`.

    Parameters
    ----------
    kind : {"masked", "wild-type"}
        "masked": the position is masked (masked marginals of Meier et al. 2021), a pass for each residue.  "wild-type": one pass over the
        sequence as it is (wild-type marginals).
    progress, cancel
        As `residue_probabilities` takes them, whose errors these are too.

    Returns
    -------
    ndarray, dtype=float32, shape=(L, 20)
        0 at the wild type; rows of NaN where the letter is none of the twenty.

    Raises
    ------
    ValueError
        Another kind.
    """
    if kind not in ("masked", "wild-type"):
        raise ValueError(f"there is no kind {kind!r} of mutation scores; there are 'masked' and 'wild-type'")
    return residue_probabilities(model, protein, kind == "masked", progress=progress, cancel=cancel).log_odds


def pseudo_perplexity(
    model: Readable,
    protein: Protein,
    residues: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> float:
    """exp(-mean log p(residue given all others)), each residue masked in its turn (Salazar et al. 2020); 1: certain, 20: a blind guess.

    -log of it is what the package antiberty 0.1.3 calls ``pseudo_log_likelihood``.  Parameters and errors are those of
    `residue_probabilities`; letters that are none of the twenty are left out.

    Raises
    ------
    SequenceError
        No residue that is one of the twenty.
    """
    asked = range(len(protein)) if residues is None else residues
    ordinary = [residue for residue in asked if not 0 <= residue < len(protein) or protein.sequence[residue] in AMINO_ACIDS]
    if not ordinary:
        raise SequenceError(f"{protein.name} has no residue of the twenty to be asked for, so there is no perplexity.")
    return residue_probabilities(model, protein, True, ordinary, progress, cancel).perplexity


def _rows(log_p: "Float32[np.ndarray, 'L 20']", asked: Sequence[int]) -> "Float32[np.ndarray, 'L 20']":
    """The rows that were asked for, the others NaN."""
    kept = np.full_like(log_p, np.nan)
    kept[list(asked)] = log_p[list(asked)]
    return kept


def _columns_of(sequence: str) -> "Int[np.ndarray, ' L']":
    """The column of each letter, -1 for others than the twenty."""
    return np.array([AMINO_ACIDS.find(letter) for letter in sequence])
