"""Opening and reading a page that runs without a browser."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

__all__ = ["mirror_of", "open_page", "said"]

_PAGES = Path(__file__).resolve().parents[2] / "pages"


def mirror_of(widgets, name: str):
    """The widget that mirrors a part of the view (allo_core/ui/shared/mirror.py)."""
    return next(widget for widget in widgets if widget.key.startswith(f"{name}-"))


def open_page(name: str, query: dict[str, str] | None = None, entered: bool = True, timeout: int = 180) -> AppTest:
    """Run a page of `pages/` with URL parameters from the repository; ``entered``: as reached through app.py."""
    page = AppTest.from_file(str(_PAGES / f"{name}.py"), default_timeout=timeout)
    if entered:
        page.session_state["entered"] = True
    for key, value in (query or {}).items():
        page.query_params[key] = value
    return page.run()


def said(page: AppTest) -> str:
    """All boxes of the page in one text, without the escapes of Markdown."""
    boxes = [*page.error, *page.warning, *page.info, *page.caption, *page.markdown]
    return "\n".join(str(box.value).replace("\\", "") for box in boxes)
