"""What the app and the terminal do not load before they need it."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def loaded_by(module: str, names: set[str]) -> set[str]:
    """Which packages are loaded after a module is imported, in a fresh Python."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True, timeout=120)
    return names & set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("allo_core", {"torch", "numpy", "pandas", "streamlit"}),
        ("allo_core.__main__", {"torch", "transformers", "pandas", "biotite", "streamlit", "scipy.stats"}),
        ("allo_core.models.language_model", {"torch", "transformers", "pandas", "streamlit"}),
        ("allo_core.models.capture", {"pandas", "streamlit"}),
        ("allo_core.analysis.question", {"torch", "pandas", "streamlit"}),
    ],
)
def test_nothing_is_loaded_too_early(module, absent):
    assert loaded_by(module, absent | {"jaxtyping"}) == set()
