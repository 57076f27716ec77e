"""A line of a payment. Values only."""

import msgspec


class Line(msgspec.Struct, frozen=True):
    """What is charged for one thing. A payment's lines and the tax added to them sum up to its amount, to the micro.

    `unit_amount_micros` is the price of one for a whole period; `amount_micros` is less where only a part of the period
    is charged, and negative where something is credited. A line without a period belongs to none.
    """

    description: str
    quantity: int
    unit_amount_micros: int
    amount_micros: int
    period_start_ms: int | None = None
    period_end_ms: int | None = None
