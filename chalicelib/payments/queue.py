"""The door to the charges queue: payments to be made by its function."""

import msgspec

from chalicelib import queues
from chalicelib.settings import settings


class ChargeMessage(msgspec.Struct, frozen=True):
    """A payment to be made."""

    account_id: str
    payment_id: str


def send(message: ChargeMessage) -> None:
    """Put a payment on the queue. Sending it twice is harmless: a payment is made once."""
    queues.send(settings().charges_queue_url, msgspec.json.encode(message).decode())
