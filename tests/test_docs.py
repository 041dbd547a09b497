"""What the documents promise is there."""

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def test_every_test_named_in_bad_input_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (REPOSITORY / "docs/bad-input.md").read_text(encoding="utf-8"))
    assert len(named) > 40
    for file, name in named:
        tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_every_picture_and_link_of_the_documents_exists():
    for document in [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).is_file(), f"{document.name}: {target}"


def test_the_science_imports_no_streamlit():
    for file in (REPOSITORY / "allo_core").rglob("*.py"):
        imported = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert "streamlit" not in imported or "ui" in file.relative_to(REPOSITORY).parts, file


def test_attention_does_not_know_models():
    for file in (REPOSITORY / "allo_core/attention").glob("*.py"):
        assert "allo_core.models" not in file.read_text(encoding="utf-8")


def test_page_scripts_have_no_bare_expression():
    """Streamlit draws the value of one, unless it is told not to."""
    for file in [REPOSITORY / "app.py", *(REPOSITORY / "pages").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            drawn = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Constant)
            assert not drawn, f"{file.name}:{node.lineno}"
    assert "magicEnabled = false" in (REPOSITORY / ".streamlit/config.toml").read_text(encoding="utf-8")
