"""Text from outside, made safe to show."""

import re

__all__ = ["file_stem", "plain"]


def plain(text: str) -> str:
    """A text in which Markdown has no meaning, for st.markdown and st.caption; HTML is escaped by Streamlit itself."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", text.replace("\n", " "))


def file_stem(name: str) -> str:
    """Letters and digits of a name, underscores for the rest, at most 40."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)[:40]
