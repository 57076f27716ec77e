"""The door to the charges queue: payments that are to be made. Its function alone calls Stripe for them."""

from functools import cache
from typing import Any

import boto3
import msgspec

from chalicelib.settings import settings


class ChargeMessage(msgspec.Struct, frozen=True):
    """A payment to be made."""

    account_id: str
    payment_id: str


@cache
def client() -> Any:
    """Return the client of SQS, made on first use."""
    return boto3.client("sqs")


def send(message: ChargeMessage) -> None:
    """Put a payment on the queue. Twice is harmless: a payment is made once."""
    body = msgspec.json.encode(message).decode()
    client().send_message(QueueUrl=settings().charges_queue_url, MessageBody=body)
