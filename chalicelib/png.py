"""Read the size of a PNG from its header, without unpacking it. Pure."""

import struct
from typing import Final

LARGEST_SIDE: Final = 2_000
"""In pixels: more than any printer shows of a logo, few enough to unpack."""

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
HEADER: Final = SIGNATURE + b"\x00\x00\x00\rIHDR"
"""The beginning of every PNG: its header is first and has 13 bytes (PNG specification, 11.2.1)."""


def size_of(png: bytes) -> tuple[int, int] | None:
    """Return the width and height of a PNG when unpacked; None if it is not a PNG."""
    sides = png[len(HEADER) : len(HEADER) + 8]
    if not png.startswith(HEADER) or len(sides) < 8:
        return None
    width, height = struct.unpack(">II", sides)
    return width, height


def can_be_unpacked(png: bytes) -> bool:
    """Tell whether this is a PNG of a plausible size: a few KB may unpack to gigabytes."""
    return all(0 < side <= LARGEST_SIDE for side in size_of(png) or (0,))
