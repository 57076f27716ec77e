"""A mailing: a document that a person sends to an address by mail. Values and rules. Pure."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chalicelib.clock import iso
from chalicelib.errors import Busy, Refusal
from chalicelib.text import Email

HOUR_MS: Final = 60 * 60 * 1000
MOST_AN_HOUR: Final = 20
"""How many documents of an account are mailed in an hour: a year's invoices, but no flood in the seller's name."""


class TooManyMailings(Refusal):
    """As many documents of the account as may be mailed in an hour were mailed."""

    status = 429
    type = "too-many-mailings"
    title = "Too many documents mailed within an hour"

    def __init__(self, again_at_ms: int, now_ms: int) -> None:
        super().__init__(
            f"at most {MOST_AN_HOUR} documents of an account are mailed in an hour; ask again at {iso(again_at_ms)}",
            retry_at=iso(again_at_ms),
        )
        self._seconds = -((now_ms - again_at_ms) // 1000)

    @property
    def headers(self) -> dict[str, str]:
        """Say when to ask again."""
        return {"Retry-After": str(self._seconds)}


class MailingsBusy(Busy):
    """Too many documents of one account are being mailed at once."""

    type = "mailings-busy"
    title = "Other documents of the account are being mailed"


class MailingUnconfirmed(Refusal):
    """The mail was refused, or its answer was lost: it may have been sent. Its key does not send it again."""

    status = 503
    type = "mailing-unconfirmed"
    title = "It is not known whether the mail was sent"

    def __init__(self) -> None:
        super().__init__("the mail may have been sent; ask the recipient, or send it again with a new Idempotency-Key")


class SendRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a document is to be sent."""

    to: Annotated[Email, Meta(description="One address, such as that of a bookkeeper.")]


class Mailing(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was mailed: to which address, by whom, and when SES confirmed it.

    `unconfirmed_at_ms` is when SES was given up without an answer. With neither, it is being sent, or was cut off.
    """

    account_id: str
    sequence: int
    mailing_id: str
    number: str
    to: str
    actor: str
    created_at_ms: int
    sent_at_ms: int | None = None
    unconfirmed_at_ms: int | None = None


class RecentMailings(msgspec.Struct, frozen=True):
    """When an account's newest mailings were asked for, oldest first, and how many there ever were."""

    count: int = 0
    times_ms: tuple[int, ...] = ()

    def with_one_at(self, now_ms: int) -> "RecentMailings":
        """Return them with one more. Raises TooManyMailings."""
        if len(self.times_ms) >= MOST_AN_HOUR:
            again_at_ms = self.times_ms[-MOST_AN_HOUR] + HOUR_MS
            if now_ms < again_at_ms:
                raise TooManyMailings(again_at_ms, now_ms)
        return RecentMailings(self.count + 1, newest_of((*self.times_ms, now_ms)))


def newest_of(times_ms: Sequence[int]) -> tuple[int, ...]:
    """Return the times that the bound depends on."""
    return tuple(times_ms[-MOST_AN_HOUR:])
