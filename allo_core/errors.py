"""The errors that a person can do something about.

Every message is one line: what is wrong, with which value, and what to do.  The page shows it, the terminal prints it and exits with 2.
"""

__all__ = [
    "AblationError",
    "AlloScopeError",
    "BatchError",
    "Cancelled",
    "DeviceError",
    "ExportError",
    "ExtraError",
    "FetchError",
    "FoldError",
    "FrozenError",
    "LayerError",
    "LibraryError",
    "NetworkError",
    "NotAttentionError",
    "OtherVersionError",
    "PairError",
    "PredictionError",
    "ResidueError",
    "ScoreError",
    "SequenceError",
    "StoreError",
    "StructureError",
    "TrainingError",
    "WeightsError",
]


class AlloScopeError(Exception):
    """Base of every error whose message is meant for the person at the screen."""


class SequenceError(AlloScopeError):
    """A text that is not one protein sequence, or a sequence that a model cannot read."""


class ResidueError(AlloScopeError):
    """A list of residues that does not fit the protein."""


class LibraryError(AlloScopeError):
    """A receptor, site or structure that the library does not have."""


class StructureError(AlloScopeError):
    """A structure file that cannot be read or does not belong to the protein."""


class NetworkError(AlloScopeError):
    """A structure or sets of residues that no residue interaction network can be asked of."""


class FetchError(AlloScopeError):
    """A sequence or structure that could not be fetched from a public database."""


class WeightsError(AlloScopeError):
    """Weights that are missing, damaged or not what they should be."""


class DeviceError(AlloScopeError):
    """A device that is not there, computes wrongly or has too little memory."""


class StoreError(AlloScopeError):
    """A run that cannot be kept or read."""


class OtherVersionError(StoreError):
    """A kept run that another version of AlloScope made; ``reason`` says in what it differs."""

    def __init__(self, message: str, reason: str = ""):
        super().__init__(message)
        self.reason = reason


class NotAttentionError(StoreError):
    """A model or a device gave values that cannot be attention."""


class ScoreError(AlloScopeError):
    """Settings under which no score is defined."""


class FrozenError(AlloScopeError):
    """A frozen analysis that was changed, cannot be read, or is about something else."""


class LayerError(AlloScopeError):
    """A property, a table of values or receptors on which the layers of a model cannot be compared."""


class HeadsError(AlloScopeError):
    """A sample of receptors, or a property, over which it cannot be counted what heads look at."""


class AblationError(AlloScopeError):
    """Heads, receptors or residues for which it cannot be said what a model loses without a head."""


class FoldError(AlloScopeError):
    """Distances or probabilities of distances from which no fold can be drawn."""


class ExportError(AlloScopeError):
    """Something that cannot be written into a file for other programs."""


class TrainingError(AlloScopeError):
    """Sequences, settings or a checkpoint that a model cannot be trained with."""


class PredictionError(AlloScopeError):
    """A site predictor that is missing, damaged or fitted to something else, or examples that none can be fitted to."""


class PairError(AlloScopeError):
    """Pairs of proteins, labels, tables or a model of pairs from which nothing can be learnt about interaction."""


class ExtraError(AlloScopeError):
    """A package that only some work needs and that is not installed."""


class BatchError(AlloScopeError):
    """A batch of sequences that cannot be run, gone on with or read."""


class Cancelled(Exception):
    """The person cancelled the run; nothing was kept."""
