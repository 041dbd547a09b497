"""Text from outside, made safe to show."""

import re

from allo_core.export.tables import file_stem

__all__ = ["file_stem", "in_words", "plain"]


def plain(text: str) -> str:
    """A text in which Markdown has no meaning, for st.markdown and st.caption; HTML is escaped by Streamlit itself."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", text.replace("\n", " "))


def in_words(count: int) -> str:
    """Zero to nine as a word, larger counts in digits."""
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if 0 <= count < len(words) else str(count)
