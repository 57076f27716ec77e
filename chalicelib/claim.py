"""What an Idempotency-Key identifies. Values only. Pure."""

import msgspec


class Claim(msgspec.Struct, frozen=True):
    """What a key identifies: the id of the object that the request creates, and when it was first requested.

    `is_done` is True after an operation was done that creates no object of its own, such as no payment.
    """

    resource_id: str
    created_at_ms: int
    is_done: bool = False
