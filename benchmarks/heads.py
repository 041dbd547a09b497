"""What heads look at: how long the page Heads takes, residues looked at alike beside BLOSUM62, and the background of contacts.

    python benchmarks/heads.py time [--receptors 150]          # into an empty cache folder
    python benchmarks/heads.py similarity [--model antiberty --receptors 60]
    python benchmarks/heads.py contacts

`contacts` counts the arcs on the structures that ship (8FYN, 4LDO, 3SN6, 1U19): by the published definition (all arcs in the denominator)
and among the pairs that can be contacts.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import psutil

from allo_core.heads.arcs import THRESHOLD, family_arcs
from allo_core.heads.properties import head_property
from allo_core.heads.sample import sample_of
from allo_core.heads.shares import shares_of
from allo_core.heads.similarity import residue_similarity
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_receptors, shipped_structures
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.contacts import CB_CONTACT
from allo_core.readouts.library_states import untrained
from allo_core.runs.extract import extract_attention
from allo_core.structure.geometry import cb_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["time", "similarity", "contacts"])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--receptors", type=int, default=150)
    options = parser.parse_args()
    model = load_model(options.model, device="cpu")
    {"time": timed, "similarity": similarity, "contacts": contacts}[options.what](model, options.receptors)


def timed(model: ProteinLanguageModel, count: int) -> None:
    """Arcs of all receptors into an empty folder, opening them again, and counting each property."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        process, names = psutil.Process(), sample_of(model.spec, count)
        memory = []
        start = time.perf_counter()
        family_arcs(model, names, lambda done, total: memory.append(process.memory_info().rss))
        print(f"{len(names)} receptors read: {time.perf_counter() - start:.1f} s")
        third = max(len(memory) // 3, 1)
        print(f"memory after a third {memory[third] / 2**20:.0f} MB, at the end {memory[-1] / 2**20:.0f} MB")
        start = time.perf_counter()
        found = family_arcs(model, names)
        print(f"opened again: {time.perf_counter() - start:.1f} s, {sum(len(one.heads) for one in found.of):,} arcs")
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        print(f"on disk: {size / 2**20:.1f} MB")
        for name in ("residue type", "segment", "contact", "offset"):
            start = time.perf_counter()
            shares = shares_of(found, head_property(name))
            _ = shares.q_value
            print(f"{name}: {time.perf_counter() - start:.2f} s")


def similarity(model: ProteinLanguageModel, count: int) -> None:
    """As published, beside a model of the same shape with random weights."""
    names = sample_of(model.spec, count)
    for one in (model, untrained(model)):
        print(f"{one.spec.label}, weights {one.sha256[:20]}: {residue_similarity(family_arcs(one, names)).sentence}")


def contacts(model: ProteinLanguageModel, count: int) -> None:
    """The share of contacts among all pairs and among valid ones, and the best heads by both."""
    tables = [_counted(model, entry, shipped.path) for entry in shipped_receptors() for shipped in shipped_structures(entry)]
    everything, valid, hits, arcs, valid_arcs = (np.sum(part, axis=0) for part in zip(*tables, strict=True))
    print(f"{len(tables)} structures: contacts {everything[0] / everything[1]:.2%} of all pairs, {valid[0] / valid[1]:.2%} of valid pairs")
    for name, below in (("all arcs", arcs), ("valid arcs", valid_arcs)):
        with np.errstate(invalid="ignore"):
            share = np.where(below >= 100, hits / below, np.nan)
        best = int(np.nanargmax(share))
        print(f"best head by {name}: {best // model.spec.heads}.{best % model.spec.heads}, {share[best]:.1%} of {int(below[best])} arcs")


def _counted(model: ProteinLanguageModel, entry: str, path: Path) -> tuple[np.ndarray, ...]:
    protein = find_receptor(entry).protein
    structure = read_structure(path)
    mapping = map_structure(structure, protein)
    positions = cb_positions(structure, mapping, len(protein))
    apart = np.abs(np.subtract.outer(np.arange(len(protein)), np.arange(len(protein))))
    known = np.isfinite(positions[:, 0])
    valid = known[:, None] & known[None, :] & (apart >= 6)
    distance = np.linalg.norm(positions[:, None] - positions[None, :], axis=-1)
    touching = valid & (np.nan_to_num(distance, nan=np.inf) < CB_CONTACT)
    maps, heads = extract_attention(model, protein), model.spec.layers * model.spec.heads
    hits, arcs, valid_arcs = np.zeros(heads), np.zeros(heads), np.zeros(heads)
    for at in range(heads):
        arc = maps[divmod(at, model.spec.heads)] >= THRESHOLD
        hits[at], arcs[at], valid_arcs[at] = (arc & touching).sum(), arc.sum(), (arc & valid).sum()
    return np.array([touching.sum(), touching.size]), np.array([touching.sum(), valid.sum()]), hits, arcs, valid_arcs


if __name__ == "__main__":
    main()
