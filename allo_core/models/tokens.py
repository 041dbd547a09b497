"""From a protein to the tokens of each model family, and what a model makes of unusual letters."""

from typing import TYPE_CHECKING

from allo_core.models.registry import Family, ModelSpec
from allo_core.protein.sequence import AMINO_ACIDS, Protein

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FIRST_RESIDUE", "VOCABULARIES", "encode", "unusual_letters"]

# Every family puts one special token before the residues and one behind them: residue i (0-based) is token i + FIRST_RESIDUE.
FIRST_RESIDUE = 1

_ESM_LETTERS = tuple("LAGVSERTIDPKQNFYMHWCXBUZO")
VOCABULARIES: dict[Family, tuple[str, ...]] = {
    # fair-esm, Alphabet.from_architecture("ESM-1b"): 33 tokens.
    "esm2": ("<cls>", "<pad>", "<eos>", "<unk>", *_ESM_LETTERS, ".", "-", "<null_1>", "<mask>"),
    # transformers, EsmcTokenizer: the same but for the chain break at 31.
    "esmc": ("<cls>", "<pad>", "<eos>", "<unk>", *_ESM_LETTERS, ".", "-", "|", "<mask>"),
    # antiberty 0.1.3, trained_models/vocab.txt: 25 tokens.
    "bert": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *AMINO_ACIDS),
}
_SPECIAL: dict[Family, tuple[str, str, str]] = {
    "esm2": ("<cls>", "<eos>", "<unk>"),
    "esmc": ("<cls>", "<eos>", "<unk>"),
    "bert": ("[CLS]", "[SEP]", "[UNK]"),
}
_NAMES = {"U": "selenocysteine", "O": "pyrrolysine", "B": "Asp or Asn", "Z": "Glu or Gln", "X": "any residue"}
_MOST_LISTED = 6


def encode(family: Family, sequence: str) -> "Tensor":
    """Token numbers of one sequence.

    Returns
    -------
    LongTensor, shape=(1, L + 2)
        One unpadded row: start, residues, end.  A letter outside the vocabulary becomes the model's unknown token.
    """
    import torch

    start, end, unknown = _SPECIAL[family]
    numbers = {token: number for number, token in enumerate(VOCABULARIES[family])}
    residues = [numbers.get(letter, numbers[unknown]) for letter in sequence]
    return torch.tensor([[numbers[start], *residues, numbers[end]]], dtype=torch.long)


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
