"""Pairs of proteins: `pairs` and its actions, one a module."""

import argparse

from allo_core.terminal.pairs_agree import add_agree
from allo_core.terminal.pairs_baselines import add_baselines
from allo_core.terminal.pairs_coverage import add_coverage
from allo_core.terminal.pairs_explain import add_explain
from allo_core.terminal.pairs_predict import add_predict_pairs
from allo_core.terminal.pairs_train import add_train_pairs

__all__ = ["add_pairs"]


def add_pairs(commands: argparse._SubParsersAction) -> None:
    """Add the command with its actions."""
    command = commands.add_parser("pairs", help="whether two proteins interact, and which G protein family a receptor couples to")
    actions = command.add_subparsers(required=True, metavar="action")
    add_baselines(actions)
    add_coverage(actions)
    add_explain(actions)
    add_agree(actions)
    add_train_pairs(actions)
    add_predict_pairs(actions)
