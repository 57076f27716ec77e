import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chalicelib.invoices.pdf.graphemes import graphemes
from chalicelib.invoices.pdf.typeface import BOLD, REGULAR, cjk_design
from chalicelib.invoices.pdf.typeset import TypesetRow, clean, shorten, typeset_row, wrap
from chalicelib.invoices.words import Words
from tests.depth import examples
from tests.invoices.names import NAMES


def read(set_line: TypesetRow) -> str:
    return "".join(glyph.text for run in set_line.runs for glyph in run.glyphs)


@pytest.mark.parametrize("weight", [REGULAR, BOLD])
@pytest.mark.parametrize("name", NAMES)
def test_every_script_has_glyphs(name: str, weight: int) -> None:
    glyphs = [glyph.id for run in typeset_row(name, weight).runs for glyph in run.glyphs]
    assert glyphs
    assert 0 not in glyphs


@pytest.mark.parametrize("name", NAMES)
def test_no_character_is_lost(name: str) -> None:
    assert sorted(read(typeset_row(name))) == sorted(clean(name))


def test_arabic_letters_join_and_stand_from_right_to_left() -> None:
    joined, apart = typeset_row("ب" * 3), typeset_row("ب ب ب")
    assert len({glyph.id for run in joined.runs for glyph in run.glyphs}) > 2
    assert joined.width < apart.width
    assert read(typeset_row("شركة")) == "شركة"[::-1]


def test_brackets_are_turned_where_they_are_read_from_the_right() -> None:
    assert read(typeset_row("(שלום)")) == "(םולש)"


def test_a_lone_character_is_set_in_the_design_of_its_language() -> None:
    assert cjk_design("骨", "ja-JP") != cjk_design("骨", "zh-CN") != cjk_design("骨", "zh-TW")
    assert cjk_design("骨の", "zh-CN") == cjk_design("骨", "ja")
    assert cjk_design("漢字 한글", "en") == cjk_design("漢", "ko")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\u202eb", "ab"),
        ("a\tb\n\n c", "a b c"),
        ("  x  ", "x"),
        ("e\u0301", "é"),
        ("\x00", ""),
    ],
)
def test_a_name_cannot_turn_what_follows_it(text: str, kept: str) -> None:
    assert clean(text) == kept


@hypothesis_settings(max_examples=examples(150))
@given(st.text("ab de-fgé株サシ שלום ไทยนี้ WWW", max_size=80), st.integers(3_000, 20_000))
def test_lines_fit_their_width_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(each.width <= width for each in lines)
    assert sorted("".join(map(read, lines)).replace(" ", "")) == sorted(clean(text).replace(" ", ""))


def test_a_line_ends_behind_a_space_and_not_within_a_word_that_fits() -> None:
    assert [read(each) for each in wrap("Phone number and voice features", 9_600)] == [
        "Phone number and",
        "voice features",
    ]


def test_a_word_that_is_longer_than_a_line_is_broken() -> None:
    lines = wrap("Donaudampfschifffahrtsgesellschaft", 6_000)
    assert len(lines) > 2
    assert "".join(map(read, lines)) == "Donaudampfschifffahrtsgesellschaft"


def faces(set_line: TypesetRow) -> list[str]:
    return [run.face.path.name for run in set_line.runs]


def test_a_space_is_as_wide_behind_a_picture_as_behind_a_letter() -> None:
    for text in ("🎉", "❤️", "👩‍💻", "☎", "株", "ب"):
        assert typeset_row(f"{text} x").width - typeset_row(f"{text}x").width < 400, text


@pytest.mark.parametrize("text", ["👩‍💻", "👍🏽", "🇩🇪", "1️⃣", "❤️", "©️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_a_picture_of_several_characters_is_one(text: str) -> None:
    assert faces(typeset_row(text)) == ["NotoEmoji[wght].ttf"]
    assert len([glyph for glyph in typeset_row(text).runs[0].glyphs if glyph.advance]) == 1
    assert list(graphemes(f"a{text}b")) == ["a", text, "b"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [("น้ำปู่", ["น้ำ", "ปู่"]), ("हिन्दी", ["हि", "न्दी"]), ("🇩🇪🇫🇷🇬", ["🇩🇪", "🇫🇷", "🇬"]), ("abc", ["a", "b", "c"]), ("", [])],
)
def test_what_is_read_as_one_character_is_never_broken(text: str, parts: list[str]) -> None:
    assert list(graphemes(text)) == parts


def test_marks_stand_on_something_and_do_not_pile_up() -> None:
    assert clean("\u0301a") == "\u25cc\u0301a"
    assert clean("x \u0e49") == "x \u25cc\u0e49"
    assert clean("g" + "\u0323" * 20) == "g" + ("\u0323" * 8 + "\u25cc") * 2 + "\u0323" * 4
    for marks in ("\u0323", "\u0323\ufe0f", "\u0323\u200b", "\u0323\u034f"):
        assert typeset_row("g" + marks * 100).reach[1] < 3_000
    for name in NAMES:
        assert "\u25cc" not in clean(name)


@pytest.mark.parametrize("text", ["Example Platform, Inc.", "חברת השקעות בע״מ", "🇩🇪🇫🇷🇬🇧🇮🇹"])
def test_a_text_is_shortened_to_its_room_and_says_so(text: str) -> None:
    whole = typeset_row(text)
    assert shorten(text, whole.width) == whole
    for width in range(1_000, int(whole.width), 500):
        cut = shorten(text, width)
        assert cut.width <= width
        assert read(cut).count("…") == 1
        kept = text[: len(read(cut)) - 1].rstrip()
        assert sorted(read(cut)) == sorted(f"{kept}…")


def test_only_the_papers_own_texts_direct_how_they_are_read() -> None:
    said = Words("ar").say("Refund of invoice %(number)s", number="\u202eX\u2069")
    assert clean(said) == "استرداد الفاتورة \u2068X\u2069"
    assert clean(str(said)) == "استرداد الفاتورة X"
    amount = Words("ar").amount(1_500_000, "usd")
    assert Words("ar").say("%(amount)s due", amount=amount).endswith(f"\u2068{amount}\u2069")
    assert sorted(read(typeset_row(said))) == sorted(clean(str(said)))
