"""The kinds of rows that are imported, their fields, and which of them are about the same. Pure.

The names of the fields are those of the API. `docs/operating/moving.md` describes each.
"""

from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from chalicelib.accounts.account import Kind
from chalicelib.clock import parse_iso
from chalicelib.ledger.posting import Direction
from chalicelib.money import Currency, Decimal
from chalicelib.text import AccountId, Country, Email, Line, Locale, Text, whole
from chalicelib.typed import convert

Balance = Annotated[str, Meta(pattern=whole(r"-?[0-9]{1,12}(\.[0-9]{1,6})?"))]
"""A balance, which may be negative: `12.50`, `-0.0025`."""

DIVIDER: Final = "|"
"""Between the lines of an address, in a cell of a CSV."""


class Time(Text):
    """A moment with its zone, as in RFC 3339; milliseconds at most are kept."""

    __slots__ = ()
    pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
    must = "must be a time with its zone, such as 2026-11-23T20:41:05Z"
    example = "2026-11-23T20:41:05Z"


class StripeId(Text):
    """Stripe's id of a customer or a payment method. It becomes part of a URL, so no other text is accepted."""

    __slots__ = ()
    pattern = "(cus|pm|card)_[A-Za-z0-9_]{1,100}"
    must = "must be the id of a customer or a card at Stripe, such as cus_9s6XKzkNRiz8i3"
    example = "cus_9s6XKzkNRiz8i3"


class Record(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A row to import. Records with one key are about the same; if they differ, none of them is imported."""

    account_id: AccountId

    @property
    def key(self) -> str:
        """Return what the record is about."""
        return self.account_id

    @property
    def digest(self) -> bytes:
        """Return a hash of the content."""
        return sha256(msgspec.json.encode(self, order="deterministic")).digest()


class AccountRecord(Record, frozen=True, kw_only=True):
    """An account to create, or to match."""

    kind: Kind
    name: Line
    email: Email
    currency: Currency
    workspace_id: AccountId | None = None
    locale: Locale | None = None
    country: Country | None = None
    created_at: Time | None = None
    billing_name: Line | None = None
    billing_address: Annotated[str, Meta(max_length=2000)] | None = None
    billing_tax_id: Line | None = None
    billing_email: Email | None = None
    billing_country: Country | None = None


class BalanceRecord(Record, frozen=True, kw_only=True):
    """What an account's wallet begins with, or is expected to hold."""

    currency: Currency
    balance: Balance


class TransactionRecord(Record, frozen=True, kw_only=True):
    """A transaction of the other system, for the account's history."""

    event_id: Annotated[str, Meta(pattern=whole(r"[!-~]{1,200}"))]
    occurred_at: Time
    type: Direction
    amount: Decimal
    currency: Currency
    description: Line | None = None

    @property
    def key(self) -> str:
        """Return the account with the event's id, which has no blank, and neither has an account's."""
        return f"{self.account_id} {self.event_id}"


class CustomerRecord(Record, frozen=True, kw_only=True):
    """An account's customer at Stripe, and the card to charge; without one, Stripe's default for the customer."""

    stripe_customer_id: StripeId
    payment_method_id: StripeId | None = None


class BadRecord(Exception):
    """The fields of a row are not a record of its kind."""


def record_of(fields: dict[str, Any], kind: type[Record], now_ms: int) -> Record:
    """Return the record of a row's fields. Raises BadRecord, which says what is wrong with which field."""
    try:
        record = convert(fields, kind)
        for name in ("occurred_at", "created_at"):
            moment: str | None = getattr(record, name, None)
            if moment is not None and not 0 <= parse_iso(moment) <= now_ms:
                raise BadRecord(f"{name}: must be a time from 1970 to now")
    except msgspec.ValidationError as error:
        raise BadRecord(str(error)) from None
    except (ValueError, OverflowError) as error:
        raise BadRecord(f"a time is not one: {error}") from None
    return record
