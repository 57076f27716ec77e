"""The templates of the pages: compiled when they are packaged, since that takes longer than anything else of a page."""

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import BaseLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined

from chalicelib.i18n.words import parse_locale
from chalicelib.portal.isolation import Isolation, isolated
from chalicelib.portal.quick_jinja import QuickContext, translator
from chalicelib.portal.words import Words, language_names

TEMPLATES: Final = Path(__file__).with_name("templates")
COMPILED: Final = Path(__file__).with_name("compiled")
"""A folder of modules for each direction of text; only in the package, which has no templates."""


@cache
def environment(language: str) -> Environment:
    """Return the templates of a language."""
    direction = parse_locale(language).text_direction
    compiled = COMPILED / direction
    made = _environment(direction, ModuleLoader(compiled) if compiled.is_dir() else FileSystemLoader(TEMPLATES))
    made.globals["_"] = translator(Words(language).translations.gettext)
    return made


def compile_templates() -> None:
    """Write the templates as modules, as all languages of a direction share them: for `make package`."""
    for direction in sorted({parse_locale(language).text_direction for language, _ in language_names()}):
        _environment(direction, FileSystemLoader(TEMPLATES)).compile_templates(
            COMPILED / direction, zip=None, ignore_errors=False
        )


def _environment(direction: str, loader: BaseLoader) -> Environment:
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.context_class = QuickContext
    if direction == "rtl":
        made.add_extension(Isolation)
        made.filters["isolated"] = isolated
    return made
