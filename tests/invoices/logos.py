"""Logos."""

import base64
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
