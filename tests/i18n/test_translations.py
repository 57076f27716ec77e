"""Every language is complete on each surface that speaks it, and says what the code says."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from babel.messages.catalog import Message
from jinja2 import FileSystemLoader
from jinja2.ext import extract_from_ast

from chalicelib.auto_pay.decision import REASONS
from chalicelib.catalog.catalog import catalog
from chalicelib.history.names import CATALOG, UNITS
from chalicelib.history.names import KINDS as WALLET_KINDS
from chalicelib.i18n.language import FOLDER, Surface
from chalicelib.i18n.language import languages as languages_of
from chalicelib.invoices.issue import PURPOSES
from chalicelib.invoices.words import TITLES
from chalicelib.notices.messages import FOOTER, GREETING, LABELS, MESSAGES, WHERE
from chalicelib.payments.words import DECLINED, DECLINES, KINDS
from chalicelib.portal import names, page_templates, refusals
from infrastructure import words
from infrastructure.words import CODE, SURFACES, Text, collected, languages, merged, missing, mo_bytes, of_surface, read

PLACE = re.compile(r"%(?:\(\w+\))?.?")
SAID_IN_PYTHON = {"say": 1, "mark": 1, "say_in": 2, "count": 2, "mark_count": 2}
"""What says or marks a text, and how many of its arguments are texts."""

ALIKE_IN_GERMAN = {"Budget", "Budgets", "Limit", "Link", "Solo", "Starter", "%(name)s %(rate)s", "%(page)s / %(pages)s"}
SHOWN: dict[Surface, list[Any]] = {
    "portal": [
        KINDS,
        REASONS,
        refusals.TEXTS,
        refusals.LIMITS,
        refusals.TITLES,
        names.KINDS,
        names.STATES,
        names.STATUSES,
        UNITS,
        CATALOG,
    ],
    "mails": [GREETING, WHERE, FOOTER, LABELS, MESSAGES, KINDS, DECLINED, DECLINES],
    "paper": [TITLES, PURPOSES, WALLET_KINDS, UNITS, CATALOG],
}
"""Texts that are chosen at run time."""

each_language = pytest.mark.parametrize("language", languages())


def texts_in(value: Any) -> Iterator[str | tuple[str, str]]:
    """Yield the texts of a table; a tuple of two is a text that depends on a number."""
    if isinstance(value, str) or value in UNITS.values():
        yield value
    elif value is not None:
        plain = msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value
        for each in plain.values() if isinstance(plain, dict) else plain:
            yield from texts_in(each)


def forms(message: Message) -> list[tuple[str, str]]:
    """Return each form of a text in English with its translation; the last English form is that of all further ones."""
    if isinstance(message.string, str):
        return [(str(message.id), message.string)]
    return [(message.id[min(place, 1)], each) for place, each in enumerate(message.string or ())]


@each_language
def test_a_language_says_what_the_code_says_and_is_compiled(language: str) -> None:
    assert words.po_path(language).read_bytes() == words.po_bytes(merged(language)), "run make words"
    texts = read(language)
    for surface in SURFACES:
        path = FOLDER / language / f"{surface}.mo"
        lacking = missing(of_surface(texts, surface))
        assert path.exists() is not bool(lacking), f"{surface}: not translated, or not compiled: {lacking}"
        assert lacking or path.read_bytes() == mo_bytes(texts, surface), "run make words"


@each_language
def test_a_language_that_was_begun_is_complete_on_some_surface(language: str) -> None:
    lacking = {surface: missing(of_surface(read(language), surface)) for surface in SURFACES}
    assert [surface for surface in SURFACES if not lacking[surface]], lacking


def test_these_languages_are_spoken_everywhere_and_japanese_on_paper_and_in_spreadsheets() -> None:
    for surface in SURFACES:
        assert languages_of(surface) >= {"ar", "en", "de", "fr", "es", "pt_BR"}
    for surface in ("paper", "spreadsheet"):
        assert "ja" in languages_of(surface)


@each_language
def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    for message in read(language):
        for english, translated in forms(message) if message.id and message.string else []:
            if translated:
                wanted, found = set(PLACE.findall(english)), set(PLACE.findall(translated))
                assert found == wanted or (message.pluralizable and found == wanted - {"%(number)s"}), message.id
            assert not translated or translated.strip() == translated, message.id


def test_german_is_not_english() -> None:
    messages = [message for message in read("de") if message.id]
    assert len(messages) == len(collected())
    alike = {english for message in messages for english, translated in forms(message) if english == translated}
    assert alike == ALIKE_IN_GERMAN


@pytest.mark.parametrize("surface", SHOWN)
def test_texts_that_are_chosen_at_run_time_are_translated(surface: Surface) -> None:
    shown = set(texts_in(SHOWN[surface]))
    assert shown
    for text in shown:
        assert surface in collected()[Text(text, None)], text


def test_names_in_the_catalog_that_comes_along_are_translated() -> None:
    found = catalog()
    plans = [plan.name for plan in found.plans.values()]
    add_ons = [add_on.name for add_on in found.add_ons.values()]
    meters = [meter.name for meter in found.meters.values()]
    for name in plans + add_ons + meters:
        assert "portal" in collected()[Text(name, None)], name


def test_every_text_that_the_code_says_is_collected() -> None:
    """Python's own parser finds no text that the collector overlooks, such as one within an f-string."""
    found = [each for path in CODE.rglob("*.py") for each in said_in(path.read_text())]
    assert len(found) > 300
    assert set(found) <= set(collected())


def test_every_text_that_a_template_says_is_collected() -> None:
    templates = page_templates.environment("en")
    assert isinstance(templates.loader, FileSystemLoader)
    sources = [templates.loader.get_source(templates, name)[0] for name in templates.list_templates(["html"])]
    found = [each for source in sources for each in extract_from_ast(templates.parse(source), ["_", "count"])]
    assert len(found) > 200
    for _line, function, message in found:
        texts = [message] if isinstance(message, str) else [each for each in message or () if each]
        assert Text((texts[0], texts[1]) if function == "count" else texts[0], None) in collected()


def said_in(source: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if texts and len(texts) == SAID_IN_PYTHON.get(name):
                yield text_of(name, texts)


def text_of(name: str, texts: list[str]) -> Text:
    match texts:
        case [text]:
            return Text(text, None)
        case [first, second] if name == "say_in":
            return Text(second, first)
        case _:
            return Text((texts[0], texts[1]), None)


def test_a_file_whose_surface_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="name the surfaces"):
        words.surfaces_of("ledger/post.py")


def test_every_unit_of_the_catalog_is_counted_in_words() -> None:
    assert {meter.unit for meter in catalog().meters.values()} <= UNITS.keys()
