"""The order of characters on a line, compared with another implementation of the same algorithm."""

import pytest
from bidi import get_base_level, get_display
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chalicelib.invoices.pdf.bidi import base_level_of, in_visual_order, levels_of
from chalicelib.invoices.pdf.own_text import DIRECTING
from tests.depth import examples

MIXED = "abc XYZ אבגד شركة 0123 .,-+%$€/: ()[]{}<> ٠١٢ éֿ̀ àñ 株サ ไท"


def in_order(text: str) -> str:
    levels = levels_of(text, base_level_of(text))
    return "".join(text[place] for place in in_visual_order(levels))


@hypothesis_settings(max_examples=examples(2_000))
@given(st.text(MIXED, max_size=24))
@example("שלום (abc) 12.5 def")
@example("Acme שלום 12, ltd")
@example("شركة الاتصالات (Acme) 123")
@example("abc [אבג] {def} (x")
def test_characters_stand_as_the_algorithm_wants(text: str) -> None:
    assert not text or base_level_of(text) == get_base_level(text)
    assert in_order(text) == get_display(text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Acme Ltd", "Acme Ltd"),
        ("שלום", "םולש"),
        ("חברה 123 בע״מ", "מ״עב 123 הרבח"),
        ("Invoice for שלום עולם, paid", "Invoice for םלוע םולש, paid"),
    ],
)
def test_names_as_people_read_them(text: str, seen: str) -> None:
    assert in_order(text) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\u200fשלם \u2068\u200f1.50 US$\u200e\u2069, \u2068+49 30\u2069", "+49 30 ,US$ 1.50 םלש"),
        ("to \u2068שלום 12\u2069, \u2068a \u2068אב\u2069 c\u2069", "to 12 םולש, a בא c"),
        ("\u2068שלום\u2069 12", "םולש 12"),
        ("a\u2069 \u2068אב ", "a  בא"),
    ],
)
def test_an_isolate_keeps_its_own_order(text: str, seen: str) -> None:
    assert "".join(each for each in in_order(text) if each not in DIRECTING) == seen
