"""A line of what a payment charges: values only."""

import msgspec


class Line(msgspec.Struct, frozen=True):
    """What is charged for one thing. The lines of a payment and the tax added to them are its amount, to the micro.

    `unit_amount_micros` is the price of one for a whole period; `amount_micros` is less where only a part of the period
    is charged, and negative where something is given back. A line that belongs to no period has none.
    """

    description: str
    quantity: int
    unit_amount_micros: int
    amount_micros: int
    period_start_ms: int | None = None
    period_end_ms: int | None = None
