"""A banner: what needs attention, how urgent it is, and what to do about it."""

from typing import Literal

import msgspec

Tone = Literal["bad", "warn", "quiet"]
"""Most urgent first: something has stopped, will stop, or will change."""


class Action(msgspec.Struct, frozen=True):
    """A link to a page, by its path below the account's home, and who is offered it.

    `pay` is offered where the account may pay, `act` to whoever may change something, `see` to everybody.
    """

    label: str
    page: tuple[str, ...]
    right: Literal["pay", "act", "see"] = "pay"


class Unresolved(msgspec.Struct, frozen=True):
    """A payment that has not ended, in the state that the page shows."""

    payment_id: str
    state: str


class Banner(msgspec.Struct, frozen=True):
    """What needs attention, and the payment that it waits for, if it does."""

    tone: Tone
    title: str
    text: str
    actions: tuple[Action, ...] = ()
    unresolved: Unresolved | None = None
