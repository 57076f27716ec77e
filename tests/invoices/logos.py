"""Logos."""

import base64
import struct
import zlib
from io import BytesIO

from PIL import Image


def png_bytes(width: int, height: int, kind: str = "PNG") -> bytes:
    """Return a picture."""
    file = BytesIO()
    Image.new("RGB", (width, height), (120, 60, 160)).save(file, kind)
    return file.getvalue()


def png(width: int, height: int, kind: str = "PNG") -> str:
    """Return a picture in base64."""
    return base64.b64encode(png_bytes(width, height, kind)).decode()


def bombs() -> list[str]:
    """Return pictures in base64 that have few bytes and would unpack to gigabytes, or to nothing."""
    sides = [(20_000, 20_000), (2**31 - 1, 1), (1, 2**32 - 1), (2_001, 10), (0, 0), (0, 10)]
    headers = [_chunk(b"IHDR", struct.pack(">IIBBBBB", *each, 8, 2, 0, 0, 0)) for each in sides]
    rest = _chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9)) + _chunk(b"IEND", b"")
    found = [b"\x89PNG\r\n\x1a\n" + header + rest for header in headers]
    return [base64.b64encode(each).decode() for each in found]


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum
