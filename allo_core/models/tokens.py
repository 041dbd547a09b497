"""From one protein or several to the tokens of each model family; what a model cannot read, and what it makes of unusual letters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from allo_core.errors import SequenceError
from allo_core.models.registry import Family, ModelSpec
from allo_core.protein.sequence import AMINO_ACIDS, Protein

if TYPE_CHECKING:
    from jaxtyping import Bool, Int
    from torch import Tensor

__all__ = ["VOCABULARIES", "Chains", "Tokens", "check_length", "encode", "length_warning", "unusual_letters"]

Chains = Protein | str | Sequence[Protein | str]

_ESM_LETTERS = tuple("LAGVSERTIDPKQNFYMHWCXBUZO")
VOCABULARIES: dict[Family, tuple[str, ...]] = {
    # fair-esm, Alphabet.from_architecture("ESM-1b"): 33 tokens.
    "esm2": ("<cls>", "<pad>", "<eos>", "<unk>", *_ESM_LETTERS, ".", "-", "<null_1>", "<mask>"),
    # transformers, EsmcTokenizer: the same but for the chain break at 31.
    "esmc": ("<cls>", "<pad>", "<eos>", "<unk>", *_ESM_LETTERS, ".", "-", "|", "<mask>"),
    # antiberty 0.1.3, trained_models/vocab.txt: 25 tokens.
    "bert": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *AMINO_ACIDS),
}


class _Frame(NamedTuple):
    """The tokens that a family puts around residues, for what it does not know or must not see, and between two chains."""

    start: str
    end: str
    unknown: str
    mask: str
    between: tuple[str, ...]


# No family was trained on complexes with a start and an end for each chain, so there is one start and one end for all.
_FRAMES: dict[Family, _Frame] = {
    # 25 glycines, as ESMFold gives several chains to ESM-2 (fair-esm 2.0.0, esmfold/v1/misc.py, encode_sequence). Its jump of 512 in the
    # residue index is for the folding part alone: ESM-2 counts tokens.
    "esm2": _Frame("<cls>", "<eos>", "<unk>", "<mask>", ("G",) * 25),
    # The chain break of its alphabet (transformers 5.23, EsmcTokenizer, chain_break_token). Without sequence_id chains see each other.
    "esmc": _Frame("<cls>", "<eos>", "<unk>", "<mask>", ("|",)),
    # As BERT joins two sentences (Devlin et al. 2019, section 3). Both are of token type 0, the only one that the package antiberty gives.
    "bert": _Frame("[CLS]", "[SEP]", "[UNK]", "[MASK]", ("[SEP]",)),
}
_SPECIALS = 2  # the start and the end
_NAMES = {"U": "selenocysteine", "O": "pyrrolysine", "B": "Asp or Asn", "Z": "Glu or Gln", "X": "any residue"}
_MOST_LISTED = 6


@dataclass(frozen=True, eq=False)
class Tokens:
    """One unpadded input of a model: start, the residues of one chain or of several, end.  T tokens, L residues of all chains together.

    Parameters
    ----------
    family : {"esm2", "esmc", "bert"}
    name : str
        What a person calls the input: the names of its chains.
    ids : Int[Tensor, "1 T"]
    chains : Int[Tensor, "T"]
        The chain (0-based) of each residue; -1 at special tokens and at what joins two chains.
    """

    family: Family
    name: str
    ids: "Int[Tensor, '1 T']"
    chains: "Int[Tensor, ' T']"

    def __len__(self) -> int:
        return self.ids.shape[1]

    @cached_property
    def residues(self) -> "Bool[Tensor, ' T']":
        """Which tokens are residues."""
        return self.chains >= 0

    @cached_property
    def positions(self) -> "Int[Tensor, ' L']":
        """The token of each residue."""
        return self.residues.nonzero()[:, 0]

    @cached_property
    def span(self) -> slice:
        """The residues of a single chain as a slice of the tokens; ValueError if there are more chains, which lie apart."""
        if (count := int(self.chains.max()) + 1) > 1:
            raise ValueError(f"the residues of {count} chains are no single stretch of tokens")
        return slice(int(self.positions[0]), int(self.positions[-1]) + 1)

    def cut(self, values: "Tensor", *dims: int) -> "Tensor":
        """The residues alone along each of these dimensions (of size T): a view for one chain, a copy for several."""
        one = int(self.chains.max()) == 0
        for dim in dims:
            if one:
                values = values.narrow(dim, self.span.start, len(self.positions))
            else:
                values = values.index_select(dim, self.positions.to(values.device))
        return values

    def check_residues(self, residues: Sequence[int]) -> None:
        """IndexError that names the first one (0-based, counted through all chains) that does not exist."""
        count = len(self.positions)
        if wrong := [residue for residue in residues if not 0 <= residue < count]:
            raise IndexError(f"residue {wrong[0]} does not exist; {self.name} has {count}, counted from 0")

    def masked(self, residues: Sequence[int]) -> "Tokens":
        """The same input with some residues (0-based, counted through all chains) replaced by the mask token; IndexError for others."""
        self.check_residues(residues)
        ids = self.ids.clone()
        ids[0, self.positions[list(residues)]] = VOCABULARIES[self.family].index(_FRAMES[self.family].mask)
        return replace(self, ids=ids)


def encode(family: Family, chains: Chains) -> Tokens:
    """Tokens of one chain, or of several joined as the family is given complexes.

    ESM-2 reads 25 glycines between two chains, ESM-C its chain break, BERT a separator; none of them counts as a residue.  No model here
    was trained on complexes, so what passes between chains is extrapolated.

    Parameters
    ----------
    chains : Protein, str, or a sequence of them
        A letter outside the vocabulary becomes the model's unknown token.

    Raises
    ------
    SequenceError
        No chain at all, or one without residues.
    """
    import torch

    given = [chains] if isinstance(chains, Protein | str) else list(chains)
    if not given:
        raise SequenceError("There is no protein to read; give at least one.")
    frame = _FRAMES[family]
    numbers = {token: number for number, token in enumerate(VOCABULARIES[family])}
    letters, owners = [frame.start], [-1]
    for index, chain in enumerate(given):
        sequence = chain if isinstance(chain, str) else chain.sequence
        if not sequence:
            raise SequenceError(f"Chain {index + 1} has no residues; leave it out.")
        between = frame.between if index else ()
        letters += [*between, *sequence]
        owners += [-1] * len(between) + [index] * len(sequence)
    ids = [numbers.get(letter, numbers[frame.unknown]) for letter in (*letters, frame.end)]
    name = " + ".join("sequence" if isinstance(chain, str) else chain.name for chain in given)
    return Tokens(family, name, torch.tensor([ids], dtype=torch.long), torch.tensor([*owners, -1], dtype=torch.long))


def check_length(spec: ModelSpec, protein: Protein | Tokens) -> None:
    """SequenceError, with the numbers and the way out, if the model cannot read so many residues (what joins chains counts as well)."""
    length = len(protein) if isinstance(protein, Protein) else len(protein) - _SPECIALS
    if spec.longest is not None and length > spec.longest:
        raise SequenceError(
            f"{protein.name} has {length} residues, {spec.label} reads at most {spec.longest}; use its 7TM domain or an ESM model."
        )


def length_warning(spec: ModelSpec, length: int) -> str | None:
    """One sentence if a protein is longer than what the model was trained on, else None."""
    if length + _SPECIALS <= spec.trained_tokens or spec.longest is not None:
        return None
    tokens = length + _SPECIALS
    return f"{spec.label} was trained at {spec.trained_tokens} tokens, this input has {tokens}: attention beyond that is extrapolated."


def unusual_letters(spec: ModelSpec, protein: Protein) -> str | None:
    """One sentence on how the model reads U, O, B, Z and X in this protein; None if there are none."""
    indices = [index for index, letter in enumerate(protein.sequence) if letter not in AMINO_ACIDS]
    if not indices:
        return None
    listed = ", ".join(protein.label(index) for index in indices[:_MOST_LISTED]) + (", ..." if len(indices) > _MOST_LISTED else "")
    many = len(indices) > 1
    subject = f"{len(indices)} residue{'s' if many else ''} ({listed}) {'are' if many else 'is'} read by {spec.label} as"
    if spec.family == "bert":
        return f"{subject} unknown."
    own = "tokens of their own" if many else "a token of its own"
    meanings = ", ".join(f"{letter}: {_NAMES[letter]}" for letter in sorted({protein.sequence[index] for index in indices}))
    return f"{subject} {own} ({meanings}), rare in training."
