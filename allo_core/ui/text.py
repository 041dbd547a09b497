"""Text from outside, made safe to show."""

import re

__all__ = ["plain"]


def plain(text: str) -> str:
    """A text in which Markdown has no meaning, for st.markdown and st.caption; HTML is escaped by Streamlit itself."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", text.replace("\n", " "))
