"""Logos."""

import base64
from io import BytesIO

from PIL import Image


def png(width: int, height: int, kind: str = "PNG") -> str:
    """Return a picture in base64."""
    file = BytesIO()
    Image.new("RGB", (width, height), (120, 60, 160)).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()
