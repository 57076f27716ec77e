"""What an Idempotency-Key stands for. Values only. Pure."""

import msgspec


class Claim(msgspec.Struct, frozen=True):
    """What a key stands for: the id of the thing that it makes, and when it was first asked for.

    `is_done` tells that what makes nothing of its own, such as no payment, was done.
    """

    resource_id: str
    created_at_ms: int
    is_done: bool = False
