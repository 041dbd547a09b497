"""Giving commands as in a terminal."""

from allo_core.__main__ import main


def run(*arguments, capsys):
    """Exit code, stdout and stderr of one command."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err
