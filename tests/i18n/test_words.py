"""Which language a locale gets, and how its numbers and dates are written."""

import subprocess
import sys

import pytest

from chalicelib.i18n.language import SOURCE_LANGUAGE, language_of
from chalicelib.i18n.texts import Texts
from chalicelib.i18n.words import Words, parse_locale


@pytest.mark.parametrize(
    ("preferred", "locale", "language"),
    [
        (["de-AT"], "de_AT", "de"),
        (["de_CH"], "de_CH", "de"),
        (["nl", "de-CH", "en"], "de_CH", "de"),
        (["nl"], "en", "en"),
        (["pt"], "pt", "pt_BR"),
        (["pt-PT"], "pt_PT", "pt_BR"),
        (["pt_BR"], "pt_BR", "pt_BR"),
        (["pt-XX"], "pt_BR", "pt_BR"),
        (["xx", "zh-Hans-CN"], "en", "en"),
        (["en-GB"], "en_GB", "en"),
        (["de-XX-nonsense"], "de", "de"),
        ([], "en", "en"),
    ],
)
def test_the_first_locale_that_the_portal_speaks_is_taken(preferred: list[str], locale: str, language: str) -> None:
    words = Words("portal", *preferred)
    assert (str(words.locale), words.language) == (locale, language)


def test_a_surface_without_texts_in_a_language_is_english_with_its_amounts() -> None:
    paper, mail = Words("paper", "ja-JP"), Words("mails", "ja-JP")
    assert (paper.say("Date of issue"), mail.say("Hello,")) == ("発行日", "Hello,")
    assert (paper.amount(1_500_000, "eur"), mail.amount(1_500_000, "eur")) == ("€1.50", "€1.50")
    assert mail.date(1_795_600_000_000) == "November 25, 2026"


def test_a_short_text_means_what_its_place_says() -> None:
    assert Words("portal", "de").say("Total") == "Summe"
    assert Words("paper", "de").say_in("invoice", "Total") == "Gesamtbetrag"
    assert Words("paper", "en").say_in("invoice", "Total") == "Total"


def test_texts_depend_on_numbers() -> None:
    for locale, one, many in (
        ("en", "first 1 day free", "first 14 days free"),
        ("de", "erster Tag frei", "erste 14 Tage frei"),
        ("pt-BR", "primeiro dia grátis", "primeiros 14 dias grátis"),
    ):
        words = Words("portal", locale)
        written = [words.count("first %(number)s day free", "first %(number)s days free", each) for each in (1, 14)]
        assert written == [one, many]


def test_a_locale_is_known_by_its_language_if_not_by_its_region() -> None:
    assert [str(parse_locale(each)) for each in ("de-AT", "de-XX", "nonsense", "")] == ["de_AT", "de", "en", "en"]
    assert [language_of(each) for each in ("de-AT", "zh_Hant_TW", "EN")] == ["de", "zh", SOURCE_LANGUAGE]
    assert {language_of(each) for each in ("pt", "PT-br", "pt_BR", "pt-PT")} == {"pt_BR"}
    assert Texts("portal", "pt-PT").tag == "pt-BR"


def test_values_are_filled_in_as_they_are() -> None:
    said = Texts("mails", "de").say("Hello,", account="%(balance)s")
    assert said == "Guten Tag,"
    assert "100 %(x)s" in Texts("mails", "en").say("The balance of %(account)s", account="100 %(x)s")


def test_what_only_marks_or_says_texts_loads_no_babel(processes: None) -> None:
    rooms = ("auto_pay.decision", "invoices.issue_credit_note", "history.spreadsheet", "i18n.texts")
    modules = ", ".join(f"chalicelib.{room}" for room in rooms)
    program = f"import sys, {modules}; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("locale", "comma", "colon"),
    [("en", ", ", ": "), ("de-AT", ", ", ": "), ("fr-CA", ", ", "\u202f: "), ("ar-EG", "\u060c ", ": ")],
)
def test_names_and_labels_are_separated_as_the_language_does(locale: str, comma: str, colon: str) -> None:
    texts = Texts("portal", locale)
    assert (texts.comma, texts.colon) == (comma, colon)
