"""Fit the site predictor to all examples and write it: python -m allo_core.terminal.fit [--model ID] [--out FILE].

Needs scikit-learn (tests/requirements.txt).  The runs over the examples are kept in ALLOSCOPE_HOME like any others.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from allo_core.errors import AlloScopeError
from allo_core.library.receptors import own_site_library
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.card import model_card
from allo_core.prediction.examples import site_examples
from allo_core.prediction.predictor import PREDICTOR_FILE, save_predictor
from allo_core.prediction.study import study
from allo_core.terminal.files import check_output

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code (0, or 2 for bad input)."""
    parser = argparse.ArgumentParser(prog="allo_core.terminal.fit", description="Fit the site predictor and write it.")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}")
    parser.add_argument("--out", type=Path, default=PREDICTOR_FILE, metavar="FILE", help="by default the file that ships with the app")
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    options = parser.parse_args(arguments)
    try:
        _build(options)
    except AlloScopeError as error:
        print(f"alloscope: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("alloscope: cancelled; nothing was written", file=sys.stderr)
        return 130
    return 0


def _build(options: argparse.Namespace) -> None:
    from allo_core.models.language_model import load_model

    check_output(options.out)
    if (own := own_site_library()) is not None:
        print(f"fitting to the sites that count on this machine, {len(own.sites)} of them computed here", file=sys.stderr)
    model = load_model(options.model, options.device)
    predictor = study(model, site_examples(), lambda text: print(text, file=sys.stderr)).predictor
    save_predictor(predictor, options.out)
    print("\n".join(model_card(predictor)))
    print(f"Written: {options.out}")


if __name__ == "__main__":
    sys.exit(main())
