"""Cursors: where a list goes on, opaque to those who send them back."""

import base64
import binascii
from typing import Final

from chalicelib.errors import Refusal

LONGEST_CURSOR: Final = 200
"""Characters of a cursor of any list. The cursors that this API returns have about 100."""


class InvalidCursor(Refusal):
    """A cursor that this API did not return."""

    status = 422
    type = "invalid-cursor"
    title = "Not a cursor of this list"

    def __init__(self) -> None:
        super().__init__("take `next_cursor` from an answer, unchanged", field="cursor")


def write_base64(content: bytes) -> str:
    """Return a cursor that holds `content`."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_base64(cursor: str) -> bytes:
    """Decode the base64 of a cursor. Raises InvalidCursor."""
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
