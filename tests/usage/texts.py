"""Any text at all, for whatever reads text."""

from hypothesis import strategies as st

TEXTS = st.text(alphabet=st.characters(exclude_categories=()))
"""Any text at all, with lone surrogates in it."""
