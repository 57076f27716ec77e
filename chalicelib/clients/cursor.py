"""The cursor of a list of clients: the id of the last one that was read."""

from chalicelib.cursor import InvalidCursor, read_base64, write_base64
from chalicelib.text import AccountId, WrongText


def write_cursor(client_id: str) -> str:
    """Return the cursor after a client."""
    return write_base64(client_id.encode())


def read_cursor(cursor: str) -> str:
    """Return the client after which the list goes on. Raises InvalidCursor."""
    try:
        return AccountId(read_base64(cursor).decode())
    except (UnicodeDecodeError, WrongText):
        raise InvalidCursor from None
