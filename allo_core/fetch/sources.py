"""The three databases: where they are, and how their refusals are told."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from allo_core.errors import FetchError
from allo_core.storage.transfer import NotThereError, Patience, TransferError, receive

if TYPE_CHECKING:
    from allo_core.storage.cancel import CancelEvent

__all__ = ["ALPHAFOLD", "PDB", "UNIPROT", "Source"]


@dataclass(frozen=True)
class Source:
    """A database.

    Parameters
    ----------
    name : str
        As people call it.
    address : str
        Where it is, unless the environment variable ``variable`` names a mirror.
    variable : str
    otherwise : str
        What a person can do without it.
    aliases : tuple of str
        Hosts that its own redirects may lead to.
    """

    name: str
    address: str
    variable: str
    otherwise: str
    aliases: tuple[str, ...] = ()

    def base(self) -> str:
        """Address of the database or of its mirror, without a slash at the end; FetchError if the mirror's is no address."""
        given = os.environ.get(self.variable) or self.address
        try:
            parts = urlsplit(given)
            sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            raise FetchError(f"{self.variable} is {given[:60]!r}, which is no address; give one like {self.address}, or unset it.")
        return given.rstrip("/")

    def get(self, path: str, wanted: str, most_bytes: int, patience: Patience, cancel: "CancelEvent | None" = None) -> bytes:
        """The content under a path of this database; ``wanted`` is what a person asked for.

        Raises
        ------
        FetchError
        Cancelled
        """
        base = self.base()
        parts = urlsplit(base)
        hosts = {parts.netloc} | (set(self.aliases) if base == self.address else set())
        try:
            return receive(f"{base}/{path}", frozenset(hosts), most_bytes, patience, cancel)
        except NotThereError as error:
            raise self.lacks(wanted) from error
        except TransferError as error:
            raise FetchError(
                f"{wanted} could not be fetched from {self.name} ({parts.hostname}): {error}. Try again, or {self.otherwise}."
            ) from error

    def lacks(self, wanted: str) -> FetchError:
        """The error for an entry that does not exist."""
        return FetchError(f"{self.name} has no entry {wanted}; check the identifier, or {self.otherwise}.")

    def sent(self, wanted: str, what: str) -> FetchError:
        """The error for an answer that is something else than what was asked for."""
        return FetchError(f"{self.name} answered for {wanted} with {what}. Try again, or {self.otherwise}.")


UNIPROT = Source("UniProt", "https://rest.uniprot.org", "ALLOSCOPE_UNIPROT", "paste the sequence")
PDB = Source("the PDB", "https://files.rcsb.org", "ALLOSCOPE_PDB", "upload the file")
ALPHAFOLD = Source(
    "the AlphaFold database", "https://alphafold.ebi.ac.uk", "ALLOSCOPE_ALPHAFOLD", "upload the file", aliases=("alphafold.com",)
)
