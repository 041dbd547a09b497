"""What AntiBERTy says of an antibody chain beside its residues: the species and the chain, by the classifiers in its own file."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_core.errors import WeightsError
from allo_core.models.checkpoint import read_tensors
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import Last, Reader, Want, read
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for them
    from torch import Tensor

__all__ = ["CHAINS", "SPECIES", "AntibodyClasses", "classify_antibody"]

# In the order of the outputs (antiberty 0.1.3, AntiBERTyRunner.py).
SPECIES = ("camel", "human", "mouse", "rabbit", "rat", "rhesus")
CHAINS = ("heavy", "light")
_POOLER = "bert.pooler.dense"
_CLASSIFIERS = {"cls.species": SPECIES, "cls.chain": CHAINS}


@dataclass(frozen=True)
class AntibodyClasses:
    """Probability of each species and of each chain; the model was trained to choose among these alone, whatever it is given."""

    species: dict[str, float]
    chain: dict[str, float]


class _StartReader(Reader):
    """Keeps the last state of the start token, on which BERT's classifiers rest."""

    wants: frozenset[Want] = frozenset({"hidden"})
    state: "Tensor"

    def finish(self, last: Last) -> None:
        self.state = last.hidden[0].cpu().clone()


def classify_antibody(model: ProteinLanguageModel, protein: Protein) -> AntibodyClasses:
    """Which species and which chain AntiBERTy takes a sequence for; one model serves heavy and light chains, each read alone.

    Raises
    ------
    WeightsError
        A model without these classifiers, or a file that lost them.
    SequenceError, DeviceError
        Too long for the model; too little memory.
    """
    import torch

    names = [f"{part}.{kind}" for part in (_POOLER, *_CLASSIFIERS) for kind in ("weight", "bias")]
    if model.spec.family != "bert" or model.weights.path is None:
        raise WeightsError(f"{model.spec.label} has no classifier of species and chain; choose AntiBERTy.")
    tensors = read_tensors(model.weights.path, names)
    if missing := [name for name in names if name not in tensors]:
        raise WeightsError(f"The weights in {model.weights.path} hold no {missing[0]}; install the package antiberty 0.1.3 again.")
    reader = _StartReader()
    read(model, protein, [reader])
    with torch.inference_mode():
        pooled = torch.tanh(_linear(tensors, _POOLER, reader.state))
        found = [
            dict(zip(labels, torch.softmax(_linear(tensors, part, pooled), dim=-1).tolist(), strict=True))
            for part, labels in _CLASSIFIERS.items()
        ]
    return AntibodyClasses(*found)


def _linear(tensors: "dict[str, Tensor]", part: str, values: "Tensor") -> "Tensor":
    return tensors[f"{part}.weight"].float() @ values + tensors[f"{part}.bias"].float()
