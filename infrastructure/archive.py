"""The archives that are deployed to Lambda: what must not be in them, and what is added to them."""

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

_TAG = re.compile(r"^Tag: (\S+)-(\S+)-(\S+)$", re.MULTILINE)
_MANYLINUX = re.compile(r"manylinux(?:1|2010|2014|_2_(\d+))_x86_64")
CODE_KEYS = ("CodeUri", "ContentUri")
"""The properties of a template that name archives: the code's, and the layer's."""
GLIBC = 34
"""The minor version of the C library of Lambda's runtimes for Python 3.12 and later, Amazon Linux 2023: 2.34."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


class ForeignWheel(Exception):
    """An archive holds a wheel that is not for Lambda: compiled on this machine, or for another system."""


def rewrite(archive: Path, python: Path, mount: str, prune: Callable[[Path], None]) -> None:
    """Write an archive of Chalice anew: pruned, and compiled for its place under `mount`. Raises ForeignWheel."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        with zipfile.ZipFile(archive) as content:
            content.extractall(directory)
        refuse_foreign_wheels(directory)
        prune(directory)
        add_bytecode(directory, python, mount)
        write(archive, directory)


def refuse_foreign_wheels(directory: Path) -> None:
    """Raise ForeignWheel if a distribution has no tag that Lambda can run: with x86-64, and no newer C library."""
    foreign = [
        path.parent.name.removesuffix(".dist-info")
        for path in sorted(directory.rglob("*.dist-info/WHEEL"))
        if not any(_runs_on_lambda(platform) for _, _, platform in _TAG.findall(path.read_text()))
    ]
    if foreign:
        raise ForeignWheel(f"these wheels are not for Lambda, or were compiled here: {', '.join(foreign)}")


def _runs_on_lambda(platform: str) -> bool:
    found = _MANYLINUX.fullmatch(platform)
    return platform == "any" or (found is not None and int(found[1] or 0) <= GLIBC)


def add_bytecode(directory: Path, python: Path, mount: str) -> None:
    """Compile every module for its path under `mount`, so that a cold start does not have to.

    What another Python compiled in the tree before goes. The compiled files are not checked against their sources:
    Lambda unpacks both with new times, and hashing is slow.
    """
    for cache in list(directory.rglob("__pycache__")):
        shutil.rmtree(cache)
    compiler: list[str | Path] = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiler, "-s", directory, "-p", mount, directory], check=True, stdout=subprocess.DEVNULL)


def write(archive: Path, directory: Path) -> None:
    """Write a directory as an archive: in order and without times, so that the same content is not uploaded again."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as content:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _EPOCH)
                entry.external_attr = _MODE
                content.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
