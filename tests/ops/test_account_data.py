"""The list of where data about an account is: complete, and the same for the export, for forgetting and in the docs."""

import re
import tomllib
from pathlib import Path

import pytest

from ops.account_data import OBJECTS, PLACES, TABLES
from ops.exporting.sources import SOURCES, Source
from ops.forgetting.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
SECRET = re.compile(r"secret|hash|token|session_id|fingerprint|shard")


def test_every_table_is_in_the_list_once() -> None:
    tables = tomllib.loads((ROOT / "infrastructure/functions.toml").read_text())["tables"]
    assert sorted(each.name for each in TABLES) == sorted(tables)
    assert len({each.name for each in PLACES}) == len(PLACES)


def test_what_is_not_exported_says_why_and_all_else_has_a_source() -> None:
    assert [each.name for each in PLACES if bool(each.file) == bool(each.not_exported)] == []
    exported = {each.name for each in TABLES if each.file}
    assert {each.place for each in SOURCES} == exported
    assert len({each.file for each in SOURCES}) == len(SOURCES)


def test_every_place_that_is_not_kept_has_a_step() -> None:
    assert {"accounts", *(each.place for each in STEPS)} == {each.name for each in PLACES if each.fate != "kept"}
    assert all(each.because for each in PLACES)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.place)
def test_no_secret_is_exported(source: Source) -> None:
    columns = source.columns
    assert [each for each in columns if SECRET.search(each)] == []


def test_the_docs_have_each_place_with_what_becomes_of_it() -> None:
    moving = (ROOT / "docs/operating/moving.md").read_text()
    for each in (*TABLES, *OBJECTS):
        file = f"`{each.file}`" if each.file else "no"
        assert f"| `{each.name}` | {each.holds} | {file} | {each.fate}: {each.because} |" in moving, each.name
