"""Write the content of a mail from a notice; `mail_body` formats it. Pure."""

import unicodedata
from typing import Final
from urllib.parse import quote

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.budgets.names import name_of_budget
from chalicelib.clock import parse_iso
from chalicelib.i18n.words import Words
from chalicelib.invoices.invoice import Invoice
from chalicelib.notices.detail import PaidWith
from chalicelib.notices.messages import DOCUMENTS, FOOTER, GREETING, INVITATION, LABELS, MESSAGES, SENT_BY, WHERE
from chalicelib.notices.notice import BudgetName, Notice
from chalicelib.payments.card_name import brand_name
from chalicelib.payments.words import KINDS, decline_of

DIRECTING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the text after them: a name with one could change how a mail reads."""


class Action(msgspec.Struct, frozen=True):
    """What the customer can do, with its link."""

    label: str
    url: str


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail's content: plain texts of one line each. `brand` is the name that the mail is sent under."""

    language: str
    direction: str
    colon: str
    brand: str
    subject: str
    paragraphs: list[str]
    facts: list[tuple[str, str]]
    actions: list[Action]
    footer: list[str]


def compose(notice: Notice, account: Account, words: Words, *, brand: str, portal_url: str | None) -> Mail:
    """Write a notice as a mail, in the language of `words`."""
    message, values = MESSAGES[notice.message], _values(notice, account, words)
    link = portal_link(portal_url, account.account_id, notice.page) if portal_url else None
    actions = [Action(words.say(message.action), link)] if link else []
    paragraphs = [GREETING, *message.paragraphs, *([] if actions else [WHERE])]
    return Mail(
        language=words.tag,
        direction=words.locale.text_direction,
        colon=words.colon,
        brand=brand,
        subject=words.say(message.subject, **values),
        paragraphs=[words.say(each, **values) for each in paragraphs],
        facts=[(words.say(LABELS[name]), values[name]) for name in notice.facts],
        actions=actions,
        footer=[words.say(each, **values) for each in FOOTER],
    )


def compose_invitation(account: Account, words: Words, *, brand: str, link: str, until_ms: int) -> Mail:
    """Write the mail that invites a client's billing contact, in the language of `words`."""
    values = {"account": one_line(account.name), "workspace": brand, "until": words.date(until_ms)}
    return Mail(
        language=words.tag,
        direction=words.locale.text_direction,
        colon=words.colon,
        brand=brand,
        subject=words.say(INVITATION.subject, **values),
        paragraphs=[words.say(each, **values) for each in (GREETING, *INVITATION.paragraphs)],
        facts=[],
        actions=[Action(words.say(INVITATION.action), link)],
        footer=[words.say(FOOTER[0], **values)],
    )


def compose_document(invoice: Invoice, account: Account, words: Words, *, brand: str) -> Mail:
    """Write the mail that brings a document to an address, in the language of `words`."""
    message = DOCUMENTS[invoice.kind]
    values = {
        "number": invoice.number,
        "seller": one_line(invoice.seller.name),
        "buyer": one_line(invoice.buyer.name),
        "amount": words.amount(invoice.total_micros, invoice.currency),
        "date": words.date(invoice.issued_at_ms),
        "account": one_line(account.name),
    }
    return Mail(
        language=words.tag,
        direction=words.locale.text_direction,
        colon=words.colon,
        brand=brand,
        subject=words.say(message.subject, **values),
        paragraphs=[words.say(each, **values) for each in (GREETING, *message.paragraphs)],
        facts=[(words.say(LABELS[name]), values[name]) for name in ("date", "amount")],
        actions=[],
        footer=[words.say(SENT_BY, **values)],
    )


def portal_link(portal_url: str, account_id: str, page: str = "") -> str:
    """Return the URL of a page of an account's billing: the platform's URL with `{account_id}` and `{page}` filled in.

    A URL without `{page}` leads to the first page, which links to all others.
    """
    return portal_url.replace("{account_id}", quote(account_id, safe="")).replace("{page}", page)


def _values(notice: Notice, account: Account, words: Words) -> dict[str, str]:
    """Return the values of the placeholders."""
    amounts = {name: words.amount(each, account.currency) for name, each in notice.amounts_micros.items()}
    return {
        **amounts,
        **{name: words.date(each) for name, each in notice.dates_ms.items()},
        "account": one_line(account.name),
        "budget": _budget(notice.budget, words) if notice.budget else "",
        "card": card_in_line(notice.card) if notice.card else "",
        "date": words.date(parse_iso(notice.occurred_at)),
        "percent": words.percent((notice.percent or 0) / 100),
        "purpose": words.say(KINDS[notice.purpose]) if notice.purpose else "",
        "reason": words.say(decline_of(notice.reason).reason),
        "reference": one_line(notice.reference or ""),
    }


def _budget(budget: BudgetName, words: Words) -> str:
    return name_of_budget(words, words.say(one_line(budget.meter)) if budget.meter else None, budget.period)


def card_in_line(card: PaidWith) -> str:
    """Write a card for a subject or a line, the same in all languages."""
    return one_line(f"{brand_name(card.brand)} •••• {card.last_four}")


def one_line(text: str) -> str:
    """Clean an external text for a subject, a name or a line: no control characters, none of `DIRECTING`."""
    kept = (" " if unicodedata.category(each) == "Cc" else each for each in text if each not in DIRECTING)
    return " ".join("".join(kept).split())
