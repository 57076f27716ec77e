"""Where a list of entries goes on: the id of the last one, opaque to those who send it back. Pure."""

import re
from typing import Final

from chalicelib.activity.entry import KINDS, SEQUENCE_DIGITS
from chalicelib.cursor import InvalidCursor, read_base64, write_base64

_ID: Final = re.compile(
    rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z#({'|'.join(KINDS)})#\d{{{SEQUENCE_DIGITS}}}", re.ASCII
)


def write_cursor(entry_id: str) -> str:
    """Return the cursor of the list below an entry."""
    return write_base64(entry_id.encode())


def read_cursor(cursor: str) -> str:
    """Return the id of the entry below which a list goes on. Raises InvalidCursor."""
    try:
        entry_id = read_base64(cursor).decode()
    except UnicodeDecodeError:
        raise InvalidCursor from None
    if not _ID.fullmatch(entry_id):
        raise InvalidCursor
    return entry_id
