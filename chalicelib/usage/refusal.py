"""Why a usage event is refused, and whether sending it again could help. Pure."""

from typing import Final, Literal, get_args

from chalicelib.errors import Refusal

Permanent = Literal[
    # What was sent is not a usage event.
    "not_json",
    "empty",
    "too_deep",
    "too_large",
    "not_a_usage_event",
    "url_invalid",
    # Its measure is not what its meter takes.
    "quantity_needed",
    "amount_needed",
    "parts_needed",
    "not_a_decimal",
    "out_of_range",
    "rounds_to_nothing",
    # Time only makes it older, and what was posted stays posted.
    "too_old",
    "conflict",
]
"""The same message will always be refused."""

Passing = Literal[
    # The account may be created, the catalog extended, our clock may catch up with the producer's.
    "unknown_account",
    "unknown_meter",
    "no_price",
    "in_the_future",
    # Nothing is wrong with the message as far as we know.
    "not_now",
    "unforeseen",
]
"""The same message may be accepted later."""

Reason = Permanent | Passing
"""Stable, machine-readable: docs/api.md says what to do about each."""

PERMANENT: Final[frozenset[str]] = frozenset(get_args(Permanent))


class EventRefused(Refusal):
    """A usage event that cannot be posted as it is."""

    status = 422
    type = "usage-event-refused"
    title = "The usage event cannot be posted"

    def __init__(self, reason: Reason, detail: str, **about: object) -> None:
        super().__init__(detail, reason=reason, **about)
        self.reason = reason

    @property
    def permanent(self) -> bool:
        """Tell whether the same message will always be refused, so that sending it again does not help."""
        return self.reason in PERMANENT

    @property
    def field(self) -> str | None:
        """Return the attribute that caused the refusal."""
        field = self.about.get("field")
        return str(field) if field else None


def unknown_account(error: Refusal) -> EventRefused:
    """Return the refusal of an event whose account does not exist."""
    return EventRefused("unknown_account", error.detail, field="subject")


def unforeseen(error: Exception) -> EventRefused:
    """Return the refusal of an event on which our own code failed; the error is its `__cause__`, for the log."""
    refusal = EventRefused("unforeseen", f"something went wrong on our side: {type(error).__name__}")
    refusal.__cause__ = error
    return refusal
