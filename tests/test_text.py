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

from chalicelib import api, text
from chalicelib.catalog import seller
from chalicelib.text import AccountId, Country, Line, Text, WebAddress, WrongText, whole
from chalicelib.typed import convert, json_decoder

CODE = Path(text.__file__).parent


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


@pytest.mark.usefixtures("processes")
def test_a_text_that_needs_no_list_of_others_loads_none() -> None:
    """Every function loads this file; babel and idna are for those who write a locale or a domain of other letters."""
    program = (
        "import sys; from chalicelib.text import *; Line('Acme'); Email('kim@acme.example'); Country('GB');"
        "sys.exit(bool({'babel', 'idna'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=CODE.parent, check=False).returncode == 0
