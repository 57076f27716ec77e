"""Read the size of a PNG from its header, without unpacking it. Pure."""

import struct
from typing import Final

LARGEST_SIDE: Final = 2_000
"""Pixels: more than any printer shows of a logo, few enough to unpack."""

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
HEADER: Final = SIGNATURE + b"\x00\x00\x00\rIHDR"
"""Every PNG begins so: its header comes first and has 13 bytes (PNG specification, 11.2.1)."""


def size_of(png: bytes) -> tuple[int, int] | None:
    """Return the width and height that a PNG has unpacked; None for what is no PNG."""
    sides = png[len(HEADER) : len(HEADER) + 8]
    if not png.startswith(HEADER) or len(sides) < 8:
        return None
    width, height = struct.unpack(">II", sides)
    return width, height


def can_be_unpacked(png: bytes) -> bool:
    """Tell whether this is a PNG of a believable size: a few KB may unpack to gigabytes."""
    return all(0 < side <= LARGEST_SIDE for side in size_of(png) or (0,))
