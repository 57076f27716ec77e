"""CSV for people: numbers that their spreadsheet adds up, and nothing that it runs, however it divides the file."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.history.spreadsheet import BYTE_ORDER_MARK, Sheet, harmless, sheet
from chalicelib.history.transaction_csv import COLUMNS, FORMULA
from chalicelib.i18n.language import languages

NAMES = ("description", "balance_after", "url", "line_amount", "line_number")
NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
DIVIDERS = (",", ";", "\t", "|")
STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def cells(text: str, divider: str) -> list[str]:
    """Divide a file as spreadsheets do, and as those do that mind no quotes."""
    body = text.removeprefix(BYTE_ORDER_MARK)
    minding = [cell for row in csv.reader(io.StringIO(body, newline=""), delimiter=divider) for cell in row]
    minding_none = re.split(rf"[{re.escape(divider)}\r\n]", body)
    return minding + minding_none


def formulas(text: str) -> list[str]:
    """Return what begins like a formula and is no number, in any reading."""
    seen = [re.sub(r'^[\s"\u200b\ufeff]+', "", cell) for divider in DIVIDERS for cell in cells(text, divider)]
    return [cell for cell in seen if cell.startswith(STARTS) and not NUMBER.match(cell)]


def file(description: str, mark: str = ".") -> str:
    found = Sheet(mark, {name: name for name in NAMES})
    return found.header(NAMES) + found.rows(NAMES, [[description, "-3.50", description, "0.0015", 2]])


ATTACKS = (
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1+1",
    "  =1",
    '"=1',
    "\u200b=1",
    "\ufeff=1",
    "\u00a0=1",
    "x;=cmd|' /C calc'!A0;y",
    "x,=1",
    "x\t=1",
    "x\n=1",
    "x\r\n=1",
    "x;  =1",
    'x";"=1',
    'x""=1',
    "a,,=1",
    "a|=1",
    "＝1+1",
    "x;＝1",
    "＋1",
    "x,－1",
    "＠SUM(A1)",
    "﹦1",
    "x\u2028=1",
    "x\x0b=1",
    "x\x85=1",
)


@pytest.mark.parametrize("text", ATTACKS)
def test_no_text_is_a_formula_at_any_divider(text: str) -> None:
    for mark in (".", ","):
        assert formulas(file(text, mark)) == []


@given(st.text("=+-@＝＋－＠﹦,;|\t\r\n\"' x1\u200b\ufeff", max_size=12), st.sampled_from(".,"))
def test_no_text_of_these_characters_is_either(text: str, mark: str) -> None:
    assert formulas(file(text, mark)) == []


@pytest.mark.parametrize(
    "text", ["SMS to +1 555 0100", "Call – 3 min", "a=b", "kim@acme.example", "'=quoted", "Müller"]
)
def test_a_text_without_a_formula_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_every_cell_is_quoted_and_on_one_line_behind_a_byte_order_mark() -> None:
    assert file('a "b"\nc') == (
        '\ufeff"description","balance_after","url","line_amount","line_number"\r\n'
        '"a ""b"" c","-3.50","a ""b"" c","0.0015","2"\r\n'
    )


def test_where_the_decimal_mark_is_a_comma_semicolons_divide() -> None:
    assert file("Größe", ",").splitlines()[1] == '"Größe";"-3,50";"Größe";"0,0015";"2"'


@pytest.mark.parametrize(
    ("locale", "mark", "divider", "amount"),
    [
        ("en", ".", ",", "Amount"),
        ("en-ZA", ",", ";", "Amount"),
        ("de-DE", ",", ";", "Betrag"),
        ("de-CH", ".", ",", "Betrag"),
        ("de_AT", ",", ";", "Betrag"),
        ("fr", ",", ";", "Montant"),
        ("pl", ",", ";", "Amount"),
        ("nonsense", ".", ",", "Amount"),
    ],
)
def test_a_locale_has_its_mark_and_its_language(locale: str, mark: str, divider: str, amount: str) -> None:
    found = sheet(locale)
    assert (found.decimal_mark, found.divider, found.names["amount"]) == (mark, divider, amount)


@pytest.mark.parametrize("language", sorted(languages("spreadsheet")))
def test_every_column_has_a_name_of_its_own_in_every_language(language: str) -> None:
    names = sheet(language).names
    assert set(COLUMNS["rows"]) <= set(names)
    assert len({names[column] for column in COLUMNS["rows"]}) == len(COLUMNS["rows"])
    assert not formulas(sheet(language).header(COLUMNS["rows"]))


@pytest.mark.parametrize("text", ["=1", "＝1", "\n=1", "  @x", '"=1', "\tx", "-1+1"])
def test_a_programs_file_marks_what_begins_like_a_formula(text: str) -> None:
    assert FORMULA.match(text)
