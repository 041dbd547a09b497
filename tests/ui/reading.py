"""Reading a page that runs without a browser."""

from streamlit.testing.v1 import AppTest

__all__ = ["mirror_of", "said"]


def mirror_of(widgets, name: str):
    """The widget that mirrors a part of the view (allo_core/ui/shared/mirror.py)."""
    return next(widget for widget in widgets if widget.key.startswith(f"{name}-"))


def said(page: AppTest) -> str:
    """All boxes of the page in one text, without the escapes of Markdown."""
    boxes = [*page.error, *page.warning, *page.info, *page.caption, *page.markdown]
    return "\n".join(str(box.value).replace("\\", "") for box in boxes)
