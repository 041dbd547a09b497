"""BinaryCIF: mmCIF as MessagePack, compact and quick to read (Sehnal et al. 2020, PLoS Comput. Biol. 16, e1008247)."""

import msgpack
from biotite.structure.io.pdbx import BinaryCIFBlock, BinaryCIFFile

from allo_core.errors import StructureError

__all__ = ["looks_like_binary_cif", "read_block"]

_MOST_VALUES = 5_000_000  # of one column; the largest entries of the PDB have as many atoms
_MOST_COLUMNS = 2_000  # of all categories; entries of the PDB have about 700
# They say how many values they unpack to, however few bytes they hold.
_GROWING = ("RunLength", "IntegerPacking")
_FIRST_BYTES = 1_000  # hold the names of the three parts of a file


def looks_like_binary_cif(content: bytes) -> bool:
    """Whether this is a MessagePack map that names the parts of a BinaryCIF file."""
    head = content[:_FIRST_BYTES]
    return head[:1] in (b"\x83", b"\xde", b"\xdf") and (b"dataBlocks" in head or b"encoder" in head)


def read_block(content: bytes, shown: str) -> BinaryCIFBlock:
    """The first data block with atoms, not yet decoded.

    Parameters
    ----------
    content : bytes
    shown : str
        Name of the file, for error messages.

    Raises
    ------
    StructureError
        It is cut or damaged, has no atoms, or would unpack to more than any structure holds.
    """
    try:
        unpacked = msgpack.unpackb(content, use_list=True, raw=False)
        _check_sizes(unpacked, shown)
        file = BinaryCIFFile.deserialize(unpacked)
        block = next((file[name] for name in file if "atom_site" in file[name]), None)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, msgpack.UnpackException) as error:
        raise StructureError(f"{shown} cannot be read as BinaryCIF, it may be cut or damaged; download it again.") from error
    if block is None:
        raise StructureError(f"{shown} has no atoms; give a BinaryCIF file with coordinates.")
    return block


def _check_sizes(unpacked: dict, shown: str) -> None:
    columns = [column for block in unpacked["dataBlocks"] for category in block["categories"] for column in category["columns"]]
    too_large = len(columns) > _MOST_COLUMNS or any(size > _MOST_VALUES for column in columns for size in _sizes(column))
    if too_large:
        raise StructureError(f"{shown} unpacks to more than a structure holds; it is damaged, download it again.")


def _sizes(column: dict) -> list[int]:
    """How many values the parts of a column unpack to; a step that grows and does not say so counts as endless."""
    sizes = []
    encodings = [step for part in ("data", "mask") if column.get(part) for step in column[part]["encoding"]]
    while encodings:
        step = encodings.pop()
        encodings += [*step.get("dataEncoding", []), *step.get("offsetEncoding", [])]
        if step["kind"] in _GROWING:
            size = step.get("srcSize")
            sizes.append(size if isinstance(size, int) and size >= 0 else _MOST_VALUES + 1)
    return sizes
