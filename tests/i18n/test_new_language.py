"""A language is one folder: made, translated and compiled in a copy of the project, it is spoken everywhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).resolve().parents[2]
SPEAK = """
from chalicelib.history.spreadsheet import sheet
from chalicelib.i18n.texts import Texts
from chalicelib.invoices.words import TITLES, Words as Paper
from chalicelib.notices.messages import GREETING
from chalicelib.portal.words import Words as Page, language_names
print(Page("it-CH").say("Save a card"), Page("it-CH").money("1234.5", "chf"), dict(language_names())["it"], sep=", ")
print(Texts("mails", "it").say(GREETING), Paper("it").say(TITLES["invoice"]), sheet("it").names["type"], sep=", ")
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("chalicelib", "infrastructure"):
        # Without the language that is added here, should the project speak it by now.
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("it"))
    return tmp_path


def run(copy: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *command], cwd=copy, capture_output=True, text=True, check=True)


def translate(path: Path) -> None:
    """Translate every text into itself, marked."""
    with path.open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        if message.id:
            one = f"«{message.id}»"
            many = [f"«{each}»" for each in message.id] if message.pluralizable else []
            message.string = (many + many[-1:] * catalog.num_plurals)[: catalog.num_plurals] if many else one
    with path.open("wb") as file:
        write_po(file, catalog)


def test_a_language_is_one_folder(copy: Path) -> None:
    folder = copy / "chalicelib/i18n/languages/it"
    folder.mkdir()
    said = run(copy, "-m", "infrastructure.words").stdout
    for surface in ("portal", "mails", "paper", "spreadsheet"):
        assert f"it: {surface} is in English" in said
    assert sorted(path.name for path in folder.iterdir()) == ["name.txt", "texts.po"]
    translate(folder / "texts.po")
    assert "it:" not in run(copy, "-m", "infrastructure.words").stdout
    assert run(copy, "-c", SPEAK).stdout.splitlines() == [
        "«Save a card», CHF\xa01’234.50, Italiano",
        "«Hello,», «Invoice», «Type»",
    ]
