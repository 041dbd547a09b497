"""Memory and time of ESMFold's trunk by length and chunk, beside what the app expects.

Usage: benchmarks/esmfold_memory.py 100 200 300 400

One block and one step of the structure module, of ESMFold's widths with random weights, run twice as in recycling, on the CPU in one
thread, after a language model that is next to nothing.
"""

import argparse
import ctypes
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from _measure import Peak
from transformers import EsmConfig, EsmForProteinFolding
from transformers.models.esm.configuration_esm import get_default_vocab_list

from allo_core.folding.esmfold_memory import memory_needed
from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS

CHUNKS = (4, 64, None)
LETTERS = "ACDEFGHIKLMNPQRSTVWY"
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt: memory that is freed is given back at once, so that it is not counted


def one_block() -> EsmForProteinFolding:
    """ESMFold's widths, one block."""
    config = EsmConfig(
        vocab_list=get_default_vocab_list(),
        vocab_size=33,
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=64,
        pad_token_id=1,
        mask_token_id=32,
        position_embedding_type="rotary",
        is_folding_model=True,
        attn_implementation="eager",
        esmfold_config={"fp16_esm": False, "trunk": {"num_blocks": 1, "max_recycles": 2, "structure_module": {"num_blocks": 1}}},
    )
    return EsmForProteinFolding(config).eval()


def measured(module: EsmForProteinFolding, length: int, chunk: int | None) -> tuple[float, float]:
    """Bytes more than before at the highest, and seconds."""
    module.trunk.set_chunk_size(chunk)
    begun = time.perf_counter()
    with Peak() as peak:
        module.infer((LETTERS * (length // len(LETTERS) + 1))[:length])
    return 1e6 * peak.megabytes, time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lengths", nargs="+", type=int)
    lengths = parser.parse_args().lengths
    torch.set_num_threads(1)
    for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
        ctypes.CDLL(None).mallopt(parameter, 1 << 20)
    spec = FOLDING_MODELS[ESMFOLD]
    module = one_block()
    module.infer(LETTERS)
    print("residues  chunk  kB a pair  expected  s a block and pass")
    for length in lengths:
        for chunk in CHUNKS:
            highest, seconds = measured(module, length, chunk)
            expected = memory_needed(spec, length, chunk, half=True) - memory_needed(spec, 1, 64, half=True)
            pair = 1000 * length**2
            print(f"{length:8d}  {chunk or 'none':>5}  {highest / pair:9.1f}  {expected / pair:8.1f}  {seconds / 2:18.1f}", flush=True)


if __name__ == "__main__":
    main()
