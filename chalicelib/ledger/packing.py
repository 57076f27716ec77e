"""Bytes of a column: deflated, packed digits, integers in planes. Pure. Every reader checks the lengths it expects.

All functions work on whole columns, so that the loops run in C.
"""

import binascii
import struct
import zlib
from collections.abc import Sequence
from typing import Final

DEFLATE_LEVEL: Final = 6
WINDOW_BITS: Final = -15
"""A raw deflate stream: six bytes less than zlib's format, whose checksum is redundant with the page's hash."""

WIDTHS: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}


class UnreadableColumn(Exception):
    """A stored column is truncated, damaged, or stored with a codec that this version does not know."""


def require(holds: bool, what: str) -> None:  # noqa: FBT001 - an assertion that is never optimized away
    """Raise UnreadableColumn with `what` unless the condition holds."""
    if not holds:
        raise UnreadableColumn(what)


def deflate(plain: bytes, level: int = DEFLATE_LEVEL) -> bytes:
    """Compress to a raw deflate stream."""
    return zlib.compress(plain, level, WINDOW_BITS)


def inflate(stored: bytes, size: int) -> bytes:
    """Decompress to exactly `size` bytes, and never unpack more than one byte beyond that."""
    require(size >= 0, "the deflated part has another length")
    stream = zlib.decompressobj(WINDOW_BITS)
    plain = stream.decompress(stored, size + 1)
    require(len(plain) == size and stream.eof and not stream.unused_data, "the deflated part has another length")
    return plain


def deflate_runs(plain: bytes) -> bytes:
    """Compress with Huffman codes and runs of one byte: fast, and as good where nothing else repeats."""
    stream = zlib.compressobj(DEFLATE_LEVEL, zlib.DEFLATED, WINDOW_BITS, strategy=zlib.Z_RLE)
    return stream.compress(plain) + stream.flush()


def pack_hex(digits: bytes) -> bytes | None:
    """Pack lower-case hexadecimal digits, two to a byte. Return None for anything else, and for decimal digits only."""
    if digits.isdigit():
        return None
    try:
        packed = binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except binascii.Error:
        return None
    return packed if unpack_hex(packed, len(digits)) == digits else None


def unpack_hex(packed: bytes, count: int) -> bytes:
    """Return `count` digits, as ASCII."""
    require(len(packed) == (count + 1) // 2, "the packed digits have another length")
    return binascii.hexlify(packed)[:count]


def pack_planes(numbers: Sequence[int], highest: int) -> list[bytes]:
    """Pack numbers from 0 to `highest`, below 2**64: all lowest bytes, all second bytes and so on, each deflated."""
    count = len(numbers)
    size = (highest.bit_length() + 7) // 8
    if not size:
        return []
    width = next(width for width in WIDTHS if width >= size)
    plain = struct.pack(f"<{count}{WIDTHS[width]}", *numbers)
    return [_pack_plane(plain[at::width]) for at in range(size)]


def unpack_planes(planes: Sequence[bytes], count: int) -> Sequence[int]:
    """Read back what `pack_planes` wrote."""
    if not planes:
        return [0] * count
    require(len(planes) <= 8, "the numbers are wider than eight bytes")
    width = next(width for width in WIDTHS if width >= len(planes))
    plain = bytearray(count * width)
    for at, plane in enumerate(planes):
        plain[at::width] = plane if len(plane) == count else inflate(plane, count)
    return struct.unpack(f"<{count}{WIDTHS[width]}", plain)


def _pack_plane(plane: bytes) -> bytes:
    """Deflate a plane if that makes it shorter. The reader recognizes a deflated plane by its length."""
    deflated = deflate(plane)
    return deflated if len(deflated) < len(plane) else plane
