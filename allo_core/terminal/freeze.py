"""Fixing a question before the model runs: it is written to a file that `analyse --frozen` answers."""

import argparse
from pathlib import Path

from allo_core.errors import StoreError
from allo_core.export.tables import printable
from allo_core.storage.whole_file import write_whole
from allo_core.terminal.analyse import question_of
from allo_core.terminal.files import check_output

__all__ = ["freeze"]


def freeze(options: argparse.Namespace) -> None:
    """Run `python -m allo_core freeze`.

    Raises
    ------
    AlloScopeError
        For anything that cannot be read, asked or written.
    """
    _check_new(options.out)
    question = question_of(options)

    from allo_core.analysis.frozen import freeze as freeze_question
    from allo_core.analysis.frozen_check import in_utc, when_frozen
    from allo_core.models.devices import choose_dtype

    given_as = {name: text for name, text in (("A", options.sites), ("B", options.sites_b)) if text is not None}
    frozen = freeze_question(question, options.model, choose_dtype(options.dtype), given_as)
    try:
        write_whole(options.out, frozen.text().encode())
    except OSError as error:
        raise StoreError(f"{options.out}: cannot be written ({error.strerror or error}).") from None
    print(printable(f"Frozen {in_utc(frozen.frozen)}: {options.out}"))
    print(f"sha256 {frozen.sha256}")
    print(when_frozen(frozen)[1])
    if frozen.weights_sha256 is None:
        print("The weights of the model have not been read on this machine yet, so the file does not name them.")
    print(printable(f"Answer it with: python -m allo_core analyse --frozen {options.out}"))


def _check_new(path: Path) -> None:
    check_output(path)
    if path.exists():
        raise StoreError(f"{path} exists, and what was frozen is never replaced; name another file, or delete it yourself.")
