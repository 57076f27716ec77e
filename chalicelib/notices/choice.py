"""Who gets which mails: an account's choice, and the default without one. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.errors import Refusal
from chalicelib.money import PLACES, Decimal, parse_micros, places_of
from chalicelib.text import Email
from chalicelib.typed import sent_fields

Kind = Literal[
    "low_balance",
    "balance_exhausted",
    "budget_reached",
    "auto_pay_failed",
    "auto_pay_suspended",
    "card_expiring",
    "verification_needed",
    "subscription_past_due",
    "renewal_upcoming",
    "trial_ending",
    "auto_pay_limit",
    "dispute_opened",
    "receipt",
]
Recipients = Annotated[list[Email], Meta(min_length=1, max_length=10)]
"""All of them get the same mail, and may see each other's addresses."""


Threshold = Annotated[
    Decimal | UnsetType | None, Meta(description="Above zero, with at most the decimals of the account's currency.")
]


class LowBalanceInvalid(Refusal):
    """An amount below which no balance can be low, or one that the currency does not have."""

    status = 422
    type = "low-balance-invalid"
    title = "No balance is low by this amount"


class Mails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which mails an account gets: one switch for each kind, on unless it is turned off."""

    low_balance: bool = True
    balance_exhausted: bool = True
    budget_reached: bool = True
    auto_pay_failed: bool = True
    auto_pay_suspended: bool = True
    card_expiring: bool = True
    verification_needed: bool = True
    subscription_past_due: bool = True
    renewal_upcoming: bool = True
    trial_ending: bool = True
    auto_pay_limit: bool = True
    dispute_opened: bool = True
    receipt: bool = True


class MailsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which mails to turn on or off: a field that is left out stays unchanged, and null resets it to the default."""

    low_balance: bool | UnsetType | None = UNSET
    balance_exhausted: bool | UnsetType | None = UNSET
    budget_reached: bool | UnsetType | None = UNSET
    auto_pay_failed: bool | UnsetType | None = UNSET
    auto_pay_suspended: bool | UnsetType | None = UNSET
    card_expiring: bool | UnsetType | None = UNSET
    verification_needed: bool | UnsetType | None = UNSET
    subscription_past_due: bool | UnsetType | None = UNSET
    renewal_upcoming: bool | UnsetType | None = UNSET
    trial_ending: bool | UnsetType | None = UNSET
    auto_pay_limit: bool | UnsetType | None = UNSET
    dispute_opened: bool | UnsetType | None = UNSET
    receipt: bool | UnsetType | None = UNSET

    def over(self, kept: Mails) -> Mails:
        """Return the stored switches with these applied."""
        never_chosen = Mails()
        given = sent_fields(self)
        wanted = {name: getattr(never_chosen, name) if value is None else value for name, value in given.items()}
        return replace(kept, **wanted)


class Choice(msgspec.Struct, frozen=True):
    """An account's stored choice. Without `recipients`, its billing contact gets the mails.

    Without `low_balance_micros`, a balance is low below the catalog's amount. Every change increases `version` by one.
    """

    recipients: list[str] | None = None
    mails: Mails = Mails()
    version: int = 0
    low_balance_micros: int | None = None

    def wants(self, kind: Kind) -> bool:
        """Tell whether a kind of mail is on."""
        wanted: bool = getattr(self.mails, kind)
        return wanted

    def over(self, limits: CurrencyLimits) -> CurrencyLimits:
        """Return the catalog's limits with the chosen amount below which a balance is low."""
        chosen = self.low_balance_micros
        return limits if chosen is None else replace(limits, low_balance_micros=chosen)


class ChoiceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of a choice: a field that is left out stays unchanged, and null resets it to the default."""

    recipients: Recipients | UnsetType | None = UNSET
    low_balance_threshold: Threshold = UNSET
    mails: MailsRequest | UnsetType | None = UNSET

    def over(self, kept: Choice, currency: str) -> Choice:
        """Return the stored choice with this change applied. Raises LowBalanceInvalid."""
        recipients, mails, low_balance_micros = kept.recipients, kept.mails, kept.low_balance_micros
        if self.recipients is not UNSET:
            recipients = [*self.recipients] if self.recipients else None
        if self.mails is not UNSET:
            mails = self.mails.over(mails) if self.mails else Mails()
        if self.low_balance_threshold is not UNSET:
            threshold = self.low_balance_threshold
            low_balance_micros = _low_balance_micros(threshold, currency) if threshold else None
        return Choice(recipients, mails, kept.version + 1, low_balance_micros)


def _low_balance_micros(text: str, currency: str) -> int:
    """Return the amount below which a balance is low. Raises LowBalanceInvalid."""
    micros, places, field = parse_micros(text), places_of(currency), "low_balance_threshold"
    if micros <= 0:
        raise LowBalanceInvalid(f"{field}: must be above zero; to stop the mail, turn off low_balance", field=field)
    if micros % 10 ** (PLACES - places):
        raise LowBalanceInvalid(f"{field}: {text} has more than the {places} decimals of {currency}", field=field)
    return micros


def billing_contact(account: Account) -> str:
    """Return the address that gets an account's mails by default, and the replies to its clients' mails."""
    details = account.billing_details
    return (details.email if details else None) or account.email


def sent_to(account: Account, choice: Choice) -> list[str]:
    """Return who gets an account's mails."""
    return choice.recipients or [billing_contact(account)]
