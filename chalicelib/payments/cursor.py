"""Where a list of payments goes on: the id of the last one, opaque to those who send it back. Pure."""

from chalicelib.cursor import InvalidCursor, read_base64, write_base64
from chalicelib.payments.payment import PREFIX


def write_cursor(payment_id: str) -> str:
    """Return the cursor of the list below a payment."""
    return write_base64(payment_id.encode())


def read_cursor(cursor: str) -> str:
    """Return the id of the payment below which a list goes on. Raises InvalidCursor."""
    try:
        payment_id = read_base64(cursor).decode()
    except UnicodeDecodeError:
        raise InvalidCursor from None
    if not payment_id.startswith(PREFIX):
        raise InvalidCursor
    return payment_id
