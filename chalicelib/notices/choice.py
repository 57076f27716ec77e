"""Who gets which mails: an account's choice, and what holds without one. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.accounts.account import Account
from chalicelib.text import Email

Kind = Literal[
    "low_balance",
    "balance_exhausted",
    "auto_pay_failed",
    "auto_pay_suspended",
    "verification_needed",
    "subscription_past_due",
    "receipt",
]
Recipients = Annotated[list[Email], Meta(min_length=1, max_length=10)]
"""One mail goes to all of them: an account's people may know of each other."""


class Mails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which mails an account gets: one switch for each kind, on unless it is turned off."""

    low_balance: bool = True
    balance_exhausted: bool = True
    auto_pay_failed: bool = True
    auto_pay_suspended: bool = True
    verification_needed: bool = True
    subscription_past_due: bool = True
    receipt: bool = True


class Choice(msgspec.Struct, frozen=True):
    """An account's choice, as it is kept. Without `recipients`, its billing contact gets the mails."""

    recipients: list[str] | None = None
    mails: Mails = Mails()

    def wants(self, kind: Kind) -> bool:
        """Tell whether a kind of mail is on."""
        wanted: bool = getattr(self.mails, kind)
        return wanted


class ChoiceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A choice to be made."""

    recipients: Recipients | None = None
    mails: Mails = Mails()

    def choice(self) -> Choice:
        """Return it as it is kept."""
        return Choice([*self.recipients] if self.recipients else None, self.mails)


def billing_contact(account: Account) -> str:
    """Return the address that an account's mails go to and come from, unless it chose otherwise."""
    details = account.billing_details
    return (details.email if details else None) or account.email


def sent_to(account: Account, choice: Choice) -> list[str]:
    """Return who gets an account's mails."""
    return choice.recipients or [billing_contact(account)]
