"""Remove from the package what nothing reads at run time: the rules are in `package.toml`, with their reasons."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

RULES: Final = Path(__file__).with_name("package.toml")
LANGUAGES: Final = Path("chalicelib/i18n/languages")
SOURCE_LANGUAGE: Final = "en"
REDUCER: Final = Path(__file__).with_name("locale_data.py")


class StaleRule(Exception):
    """A rule of `package.toml` matches nothing: the library has changed, and perhaps what has to be left out."""


class Omission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Globs below a root, and the reason why what they match is not deployed."""

    paths: tuple[str, ...]
    because: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out of the libraries and of the code."""

    services: frozenset[str]
    for_all_services: frozenset[str]
    omit: tuple[Omission, ...]
    omit_of_code: tuple[Omission, ...]


def read_rules() -> Rules:
    """Read the rules."""
    return msgspec.convert(tomllib.loads(RULES.read_text()), Rules)


def prune_code(task: Path, rules: Rules) -> None:
    """Prune the unpacked code. Raises StaleRule."""
    _omit(task, rules.omit_of_code)


def prune_libraries(libraries: Path, rules: Rules, python: Path, languages: frozenset[str]) -> None:
    """Prune Python's folder of libraries. `python` has babel; `languages` keep all of its data. Raises StaleRule."""
    for path in _unneeded_services(libraries / "botocore" / "data", rules):
        _remove(path)
    _omit(libraries, rules.omit)
    reducer: list[str | Path] = [python, "-I", REDUCER, libraries / "babel" / "locale-data"]
    subprocess.run([*reducer, *sorted(languages)], check=True)


def languages_of(root: Path) -> frozenset[str]:
    """Return the languages that a tree has texts in, by the codes of babel's files: `pt` of `pt_BR`."""
    return frozenset({SOURCE_LANGUAGE, *(path.name.partition("_")[0] for path in (root / LANGUAGES).iterdir())})


def _unneeded_services(data: Path, rules: Rules) -> Iterator[Path]:
    missing = (rules.services | rules.for_all_services) - {path.name for path in data.iterdir()}
    if missing:
        raise StaleRule(f"botocore describes no {', '.join(sorted(missing))}")
    yield from (path for path in data.iterdir() if path.name not in rules.services | rules.for_all_services)


def _omit(root: Path, omissions: tuple[Omission, ...]) -> None:
    for pattern in (pattern for each in omissions for pattern in each.paths):
        matched = sorted(root.glob(pattern))
        if not matched:
            raise StaleRule(f"nothing in the package matches {pattern}")
        for path in matched:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)  # it may be in a directory that has gone
