"""Embeddings, probabilities and contacts of one protein as files."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.export.tables import cell, residue_columns
from allo_core.models.registry import ModelSpec
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy
    import numpy as np

    from allo_core.models.embeddings import Embeddings
    from allo_core.models.probabilities import ResidueProbabilities
    from allo_core.readouts.contacts import PredictedContacts
    from allo_core.runs.meta import RunMeta

__all__ = ["array_npy", "contacts_csv", "embeddings_npz", "embeddings_size", "probabilities_csv", "readout_record"]


def embeddings_size(spec: ModelSpec, length: int, layers: int, mean: bool = False) -> int:
    """Bytes of the numbers that `embeddings_npz` writes for so many layers."""
    return 4 * spec.width * layers * (1 if mean else length)


def embeddings_npz(embeddings: Embeddings, mean: bool = False) -> bytes:
    """NPZ archive with an array for each state: ``state_0`` [L, width], or its mean over residues [width]; float32."""
    import numpy as np

    arrays = {f"state_{layer}": embeddings.mean(layer) if mean else state for layer, state in embeddings.states.items()}
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def array_npy(array: np.ndarray) -> bytes:
    """One array as an NPY file: log-probabilities [L, 20], a contact map [L, L], a state [L, width]."""
    import numpy as np

    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def probabilities_csv(found: ResidueProbabilities, numbers: ResidueNumbers | None) -> str:
    """CSV text of all residues in the order of the sequence; what is not known is empty.

    Columns: the residue and its numbers, p of the wild type, entropy in bits, the likeliest residue, then log p(residue) - log p(wild type)
    of each of the twenty in nats; ``masked`` is the same in every row.
    """
    import pandas as pd

    table = residue_columns(found.protein, numbers) | {
        "p_wild_type": found.wild_type,
        "entropy_bits": found.entropy,
        "expected": list(found.expected),
    }
    scores = found.log_odds
    table |= {f"log_odds_{letter}": scores[:, column] for column, letter in enumerate(found.letters)}
    table |= {"masked": found.masked, "protein": cell(found.protein.name)}
    return pd.DataFrame(table).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def contacts_csv(
    predicted: PredictedContacts,
    numbers: ResidueNumbers | None,
    separation: int,
    family: np.ndarray | None = None,
    touching: np.ndarray | None = None,
) -> str:
    """CSV text of all pairs at least ``separation`` residues apart along the chain, the likeliest first.

    Parameters
    ----------
    family : ndarray, shape=(L, L), optional
        Share of other receptors in which the two positions touch.
    touching : ndarray, shape=(L, L), optional
        1 where they touch in the known structure, 0 where not, NaN where that is not known.
    """
    import pandas as pd

    protein = predicted.protein
    first, second = predicted.ranked(separation)
    label = [protein.label(index) for index in range(len(protein))]
    generic = [""] * len(protein) if numbers is None else list(numbers.gpcrdb)
    table: dict[str, object] = {
        "residue_1": [label[index] for index in first],
        "residue_2": [label[index] for index in second],
        "gpcrdb_1": [generic[index] for index in first],
        "gpcrdb_2": [generic[index] for index in second],
        predicted.kind: predicted.scores[first, second],
    }
    for name, values in (("family_share", family), ("contact", touching)):
        if values is not None:
            table[name] = values[first, second]
    table |= {"protein": cell(protein.name)}
    return pd.DataFrame(table).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def readout_record(meta: RunMeta, what: str, formula: str, details: dict) -> str:
    """JSON text that names everything a reader needs to repeat a file: model, weights, sequence, precision, device, versions, formula."""
    run = {name: value for name, value in meta.to_json().items() if name not in ("seconds", "format")}
    record = {"what": what, "formula": formula, **details, "alloscope": __version__, "run": run}
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"
