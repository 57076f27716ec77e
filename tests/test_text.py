"""The types of what people write: the whole text, the real lists, and what is wrong said so that it can be mended."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from babel import Locale as BabelLocale
from babel.core import get_global
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import api, text
from chalicelib.catalog import seller
from chalicelib.text import (
    COUNTRIES,
    CURRENCIES,
    AccountId,
    Country,
    Email,
    Line,
    Locale,
    Text,
    WebAddress,
    WrongText,
    ascii_email,
    whole,
)
from chalicelib.typed import convert, json_decoder

CODE = Path(text.__file__).parent
LONG = "a" * 63


def texts() -> list[type[Text]]:
    """Return every type of text that there is, wherever it is declared."""
    assert api.BLUEPRINTS
    assert issubclass(seller.Color, Text)
    return sorted(_below(Text), key=lambda each: each.__name__)


def _below(kind: type[Text]) -> Iterator[type[Text]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


@pytest.mark.parametrize("kind", texts(), ids=lambda kind: kind.__name__)
def test_an_example_is_right_and_nothing_may_follow_it_or_stand_before_it(kind: type[Text]) -> None:
    assert kind(kind.example) == kind.example
    for wrong in (f"{kind.example}\n", f"\n{kind.example}", f"{kind.example}\r\n", f"{kind.example}\x00", "", "\u200b"):
        with pytest.raises(WrongText):
            kind(wrong)


@pytest.mark.parametrize("kind", texts(), ids=lambda kind: kind.__name__)
def test_what_is_right_fits_its_description(kind: type[Text]) -> None:
    schema = kind.schema()
    assert schema["description"]
    for each in schema["examples"]:
        assert re.search(schema.get("pattern", ""), each)
        assert each in schema.get("enum", [each])


@pytest.mark.parametrize("kind", texts(), ids=lambda kind: kind.__name__)
def test_a_pattern_means_the_same_in_python_and_in_javascript(kind: type[Text]) -> None:
    # What JavaScript does not know or, under its flag `u`, refuses; and classes that hold other characters there.
    pattern = getattr(kind, "pattern", "")
    assert not re.search(r"\\[dwsbAZ\"'-]|\(\?P|[+*?}]\+", pattern), pattern


def test_a_pattern_asks_for_the_whole_text() -> None:
    code = Annotated[str, msgspec.Meta(pattern=whole("[a-z]{3}|x"))]
    assert [convert(each, code) for each in ("usd", "x")] == ["usd", "x"]
    for wrong in ("usd\n", "usdx", "xusd", "\nusd", "x\n", ""):
        with pytest.raises(msgspec.ValidationError):
            convert(wrong, code)


def test_no_pattern_of_ours_takes_a_line_feed_behind_its_end() -> None:
    found = [
        f"{path.relative_to(CODE)}: {_literal(node)}"
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if re.search(r"[\^\[(].*(?<!\\)\$\Z", _literal(node))
    ]
    assert found == []


def _literal(node: ast.AST) -> str:
    """Return a text as the code writes it, without what is filled in; nothing for what is no text."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_literal, node.values))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_what_is_read_is_a_plain_text_and_the_field_is_named_where_it_is_wrong() -> None:
    class Form(msgspec.Struct):
        country: Country | None = None
        lines: list[Line] = []

    found = json_decoder(Form).decode(b'{"country": "GB", "lines": ["a", "b"]}')
    plain: object = found.country
    assert type(plain) is str
    assert msgspec.json.encode(found) == b'{"country":"GB","lines":["a","b"]}'
    for wrong, said in (
        ('{"country": "UK"}', r"you probably mean GB - at `\$\.country`"),
        ('{"country": 44}', r"must be a text, not 44 - at `\$\.country`"),
        ('{"lines": ["a", " "]}', r"nothing of it is visible - at `\$\.lines\[1\]`"),
    ):
        with pytest.raises(msgspec.ValidationError, match=said):
            json_decoder(Form).decode(wrong)


@pytest.mark.parametrize(
    "blank",
    [
        " ",
        "\t",
        "\u00a0",
        "\u3000",
        "\u200b\u200d",
        "\u200e",
        "\u2060\ufeff",
        "\u00ad",
        "\u034f",
        "\u115f\u1160\u3164\uffa0",
        "\u2800",
        "\ufe0f",
        "\u180e",
        "\u061c",
        "\u17b4",
        "\U000e0041",
        "\U000e0100",
        "\u0301",
        " \u200b ",
    ],
)
def test_a_line_shows_something(blank: str) -> None:
    with pytest.raises(WrongText) as refusal:
        Line(blank)
    assert refusal.value.reason in {"blank", "hidden"}
    assert Line(f"A{blank}") if blank != "\t" else True


@pytest.mark.parametrize(
    "hidden",
    [
        *"\n\r\x00\x07\x1b\x7f\x85\u2028\u2029\ud800\udfff\ufffe\ufdd0\U0001ffff",
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    ],
)
def test_a_line_neither_ends_nor_turns_nor_holds_what_is_no_character(hidden: str) -> None:
    with pytest.raises(WrongText, match=f"U\\+{ord(hidden):04X}") as refusal:
        Line(f"Acme{hidden}Inc")
    assert refusal.value.reason == "hidden"


@pytest.mark.parametrize(
    "name",
    [
        "Acme, Inc.",
        "株式会社アクメ",
        "אקמה בע״מ",
        "شركة‌ما",
        "O’Neill & Söhne",
        "7",
        "…",
        "👩\u200d🌾 Farm",
        "x" * 200,
        "é",
    ],
)
def test_names_of_all_the_world_are_taken(name: str) -> None:
    assert Line(name) == name


def test_a_line_is_not_too_long() -> None:
    with pytest.raises(WrongText, match="it has 201") as refusal:
        Line("x" * 201)
    assert refusal.value.reason == "length"


@pytest.mark.parametrize(
    "address",
    [
        "kim@acme.example",
        "kim+tag@mail.acme.co.uk",
        "o'neill_99@a-b.example",
        "KIM@ACME.EXAMPLE",
        f"{'k' * 64}@acme.example",
        f"k@{LONG}.{LONG}.example",
    ],
)
def test_an_address_that_mails_reach_is_taken_as_it_is(address: str) -> None:
    assert Email(address) == ascii_email(address) == address


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("kim@例え.テスト", "kim@xn--r8jz45g.xn--zckzah"),
        ("kim@BÜCHER.example", "kim@xn--bcher-kva.example"),
        ("kim@xn--bcher-kva.example", "kim@xn--bcher-kva.example"),
    ],
)
def test_a_domain_of_other_letters_is_taken_and_written_as_punycode_where_mails_go(address: str, sent_to: str) -> None:
    assert (Email(address), ascii_email(address)) == (address, sent_to)


@pytest.mark.parametrize(
    "address",
    [
        *("kim", "kim@", "@acme.example", "kim@acme", "kim@localhost", "kim@@acme.example", "kim@a@acme.example"),
        *("kim@acme.example\u200b", "kim@exa\u00admple.example", "kim@\u2060acme.example", "kim@acme\u3000.example"),
        *("kim@acme..example", "kim@.acme.example", "kim@acme.example.", "kim@-acme.example", "kim@acme-.example"),
        *(".kim@acme.example", "kim.@acme.example", "kim..k@acme.example", "kim k@acme.example", " kim@acme.example"),
        *(
            "kim@acme.example ",
            "kim@acme.example\n",
            "kim\n@acme.example",
            "kim@acme\u200b.e",
            "kim\u200b@acme.example",
        ),
        *(
            "Kim <kim@acme.example>",
            "<kim@acme.example>",
            '"kim"@acme.example',
            "kim,k@acme.example",
            "kim;@acme.example",
        ),
        *(
            "kim@acme.example,jo@acme.example",
            "mailto:kim@acme.example",
            "kim@[127.0.0.1]",
            "kim@127.0.0.1",
            "kim@acme.c",
        ),
        *("kim@acme_x.example", "kim@acme!.example", "kim@xn--.example", "kim@☃.example", "kim@a\u202eb.example"),
        *(f"{'k' * 65}@acme.example", f"kim@{LONG}a.example", f"kim@{'.'.join([LONG] * 4)}.example"),
        f"kim@{'.'.join(['ü' * 50] * 5)}.example",
        *(
            "kïm@acme.example",
            "金@acme.example",
            "kim\x00@acme.example",
            "kim\ud800@acme.example",
            "kim@acme\ud800.example",
        ),
    ],
)
def test_an_address_that_no_mail_reaches_is_refused(address: str) -> None:
    with pytest.raises(WrongText, match="must be an e-mail address such as"):
        Email(address)


def test_letters_that_mails_are_not_delivered_to_are_refused_with_the_reason() -> None:
    with pytest.raises(WrongText, match="not delivered to other letters than a to z before the @") as refusal:
        Email("kïm@acme.example")
    assert refusal.value.reason == "local_part"


@given(st.text(max_size=300))
def test_whatever_is_written_is_an_address_that_servers_take_or_refused(written: str) -> None:
    for address in (written, f"{written}@acme.example", f"kim@{written}", f"kim@{written}.example"):
        try:
            sent_to = ascii_email(address)
        except WrongText:
            continue
        assert re.fullmatch(r"[!-~]{1,64}@[a-zA-Z0-9.-]{1,253}", sent_to)
        assert len(sent_to) <= 254
        assert ascii_email(sent_to) == sent_to


def test_countries_are_the_ones_that_babel_and_iso_3166_1_have() -> None:
    """Of what CLDR has besides, ISO 3166-1 reserves some and gives the rest to whoever needs a code of his own."""
    reserved, of_cldr = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "TA", "UN"}, {"QO", "XA", "XB", "XK", "ZZ"}
    of_babel = {code for code in map(str, BabelLocale("en").territories) if re.fullmatch("[A-Z]{2}", code)}
    assert of_babel - reserved - of_cldr == COUNTRIES
    assert len(COUNTRIES) == 249


@pytest.mark.parametrize(
    ("written", "meant"), [("UK", "GB"), ("EL", "GR"), ("gb", "GB"), ("uk", "GB"), ("el", "GR"), ("De", "DE")]
)
def test_the_country_that_is_probably_meant_is_told(written: str, meant: str) -> None:
    with pytest.raises(WrongText, match=f"you probably mean {meant}"):
        Country(written)


@pytest.mark.parametrize(
    "code",
    ["XX", "ZZ", "EU", "UN", "QO", "XA", "XB", "SU", "AN", "USA", "Austria", "", "G", "GB ", " GB", "GB\n", "ＧＢ"],
)
def test_what_is_no_countrys_code_is_refused(code: str) -> None:
    with pytest.raises(WrongText, match="ISO 3166-1"):
        Country(code)


def test_currencies_are_the_ones_that_babel_knows_somebody_to_pay_with() -> None:
    used = get_global("territory_currencies").values()
    assert {code.lower() for uses in used for code, _, end, is_tender in uses if is_tender and not end} == CURRENCIES
    assert not {"xyz", "xxx", "xts", "xau", "dem", "usn"} & CURRENCIES


def test_every_locale_of_babels_is_taken() -> None:
    for name in set(locale_identifiers()) - {"root"}:
        assert Locale(name) == name
        assert Locale(name.replace("_", "-"))


@pytest.mark.parametrize(
    "name", ["en", "en-US", "EN-us", "de_AT", "zh-CN", "zh-Hant-TW", "sr-Latn-RS", "pt-BR", "es-419"]
)
def test_locales_are_taken_as_they_are_usually_written(name: str) -> None:
    assert Locale(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "e", "xx", "english", "C", "POSIX", "root", "und", "en-XX", "en-ZZ", "de-JP", "en-Cyrl-US", "de-DE-1996"),
        *("en_", "-en", "en--US", "en US", "de\n", "en-US\n", "../../etc", "en_US.UTF-8", "de_DE@euro", "ｅｎ"),
    ],
)
def test_what_babel_has_no_locale_for_is_refused(name: str) -> None:
    with pytest.raises(WrongText, match="must be a language"):
        Locale(name)


@pytest.mark.parametrize(("name", "meant"), [("en-UK", "en-GB"), ("iw", "he-IL"), ("deu", "de-DE")])
def test_the_locale_that_is_probably_meant_is_told(name: str, meant: str) -> None:
    with pytest.raises(WrongText, match=f"you probably mean {meant}"):
        Locale(name)


@pytest.mark.parametrize("account_id", ["", "a b", "-acme", ".acme", "acme\n", "acmé", "x" * 65, "a/b", "a#b", "a\x00"])
def test_an_account_id_can_be_written_anywhere(account_id: str) -> None:
    with pytest.raises(WrongText, match="1 to 64 letters"):
        AccountId(account_id)


@pytest.mark.parametrize(
    "address",
    [
        *("", "https://", "http://\n", "ftp://a.example", "javascript:alert(1)", "//a.example", " https://a.example"),
        *("https://a.example/\n", "https://a.example/ b", 'https://a.example/"', "https://a.example/'", "https://a<b"),
        *("https://a.example\\b", "https://a.example/\u202e", "https://a.example/\u200b", "https://a/" + "x" * 2000),
    ],
)
def test_a_web_address_holds_nothing_that_ends_or_hides_it(address: str) -> None:
    with pytest.raises(WrongText, match="must be a web address"):
        WebAddress(address)


def test_a_text_that_needs_no_list_of_others_loads_none() -> None:
    """Every function loads this file; babel and idna are for those who write a locale or a domain of other letters."""
    program = (
        "import sys; from chalicelib.text import *; Line('Acme'); Email('kim@acme.example'); Country('GB');"
        "sys.exit(bool({'babel', 'idna'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=CODE.parent, check=False).returncode == 0
