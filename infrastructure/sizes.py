"""What the package weighs unpacked: in total, by library, and what is not code. Lambda's limit is 250 MB."""

import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1_000_000
LIBRARIES: Final = "site-packages/"
LARGEST: Final = 12
FONTS: Final = (".ttf", ".ttc")
KINDS: Final = {
    "fonts": FONTS,
    "compiled Python (.pyc)": (".pyc",),
    "Python": (".py",),
    "machine code": (".so",),
}
OTHER: Final = "data and others"

Files = Iterable[tuple[str, int]]
"""Paths in an archive, with their bytes unpacked."""


def files_in(archive: Path) -> list[tuple[str, int]]:
    """Return the files of an archive and their sizes."""
    with zipfile.ZipFile(archive) as content:
        return [(each.filename, each.file_size) for each in content.infolist()]


def total(files: Files) -> int:
    """Return the bytes of files."""
    return sum(size for _, size in files)


def by_library(files: Files) -> Counter[str]:
    """Return the bytes of each distribution's folder or module in a layer."""
    sizes: Counter[str] = Counter()
    for path, size in files:
        sizes[path.partition(LIBRARIES)[2].partition("/")[0]] += size
    return sizes


def by_kind(files: Files) -> Counter[str]:
    """Return the bytes of each kind of file."""
    sizes: Counter[str] = Counter()
    for path, size in files:
        kind = next((kind for kind, endings in KINDS.items() if _ends_in(path, endings)), OTHER)
        sizes[kind] += size
    return sizes


def _ends_in(path: str, endings: tuple[str, ...]) -> bool:
    # Shared libraries have their version behind: libjpeg.so.62.
    return path.endswith(endings) or (".so" in endings and ".so." in path)


def report(code: Path, layer: Path) -> Iterator[str]:
    """Yield the lines of a table of sizes."""
    in_code, in_layer = files_in(code), files_in(layer)
    yield f"{_mb(total(in_code) + total(in_layer))}  unpacked: code {_mb(total(in_code))}, layer {_mb(total(in_layer))}"
    yield f"{_mb(code.stat().st_size + layer.stat().st_size)}  to upload"
    yield "By kind:"
    yield from (f"  {_mb(size)}  {kind}" for kind, size in by_kind([*in_code, *in_layer]).most_common())
    yield "The largest libraries:"
    yield from (f"  {_mb(size)}  {name}" for name, size in by_library(in_layer).most_common(LARGEST))
    yield "Fonts:"
    fonts = sorted(((path, size) for path, size in in_layer if path.endswith(FONTS)), key=lambda each: -each[1])
    yield from (f"  {_mb(size)}  {Path(path).name}" for path, size in fonts)


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:6.2f} MB"
