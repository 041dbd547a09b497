"""How good a fold of a model can be expected to be: what folds of the same head reached on receptors that it had not learnt from."""

from __future__ import annotations

from dataclasses import dataclass

from allo_core.folding.ranges import FEWEST_CASES, Range

__all__ = ["ModelExpectation"]


@dataclass(frozen=True)
class ModelExpectation:
    """What folds of one head reached on held-out receptors of a class, beside the family average on the same ones.

    Parameters
    ----------
    receptor_class : str
        "" of a protein that has none; it is not tested then.
    receptors : int
        Held-out ones of the class that were judged.
    references : str
        What they were judged by, in words: ``"AlphaFold models"``.
    held_out : str
        How they were held out, in words.
    tm, lddt : Range or None
        Of the head, at residues with generic numbers; None where fewer than five receptors can judge.
    average_tm, average_lddt : Range or None
        Of the average of the class without the receptor and its homologues, on the same receptors.
    """

    receptor_class: str
    receptors: int
    references: str
    held_out: str
    tm: Range | None
    lddt: Range | None
    average_tm: Range | None
    average_lddt: Range | None

    @property
    def lost(self) -> tuple[str, ...]:
        """The measures in which the median of the head is below that of the family average."""
        pairs = (("TM-score", self.tm, self.average_tm), ("lDDT", self.lddt, self.average_lddt))
        return tuple(name for name, own, average in pairs if own is not None and average is not None and own.median < average.median)

    @property
    def sentence(self) -> str:
        """What to expect and how that is known; that the family average is better stands first."""
        if self.tm is None or self.lddt is None:
            if not self.receptor_class:
                return "How good it is was not tested: every held-out receptor has generic numbers, and this protein has none."
            return (
                f"How good it is was not tested: {self.receptors} held-out receptors of class {self.receptor_class} can judge such a fold "
                f"here, and {FEWEST_CASES} are needed."
            )
        first = f"Worse than the family average by {' and '.join(self.lost)}. " if self.lost else ""
        beside = ""
        if self.average_tm is not None and self.average_lddt is not None:
            beside = f", where the family average reaches {self.average_tm} and {self.average_lddt}"
        return (
            f"{first}Expected TM-score {self.tm} and lDDT {self.lddt}{beside}: median (10 to 90 %) of {self.receptors} receptors of class "
            f"{self.receptor_class} {self.held_out}, against {self.references}, at numbered residues alone."
        )
