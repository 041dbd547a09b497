"""Where AlloScope keeps its files on this machine."""

import os
from pathlib import Path

import platformdirs

__all__ = ["home"]


def home() -> Path:
    """Where AlloScope keeps its files: $ALLOSCOPE_HOME, else the user's cache folder."""
    chosen = os.environ.get("ALLOSCOPE_HOME")
    return Path(chosen).expanduser().absolute() if chosen else platformdirs.user_cache_path("alloscope", appauthor=False)
