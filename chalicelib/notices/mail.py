"""Put a notice into words: a mail that is complete but for its form. Pure."""

from urllib.parse import quote

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.clock import parse_iso
from chalicelib.notices.notice import Notice
from chalicelib.notices.words import Words, one_line


class Action(msgspec.Struct, frozen=True):
    """Something to do, with its link."""

    label: str
    url: str


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail's content: plain texts, each one line. `brand` is whose mail it is, for the head of the page."""

    language: str
    brand: str
    subject: str
    paragraphs: list[str]
    facts: list[tuple[str, str]]
    actions: list[Action]
    footer: list[str]


def compose(notice: Notice, account: Account, words: Words, *, brand: str, portal_url: str | None) -> Mail:
    """Put a notice into an account's language."""
    texts, message = words.texts, words.texts.messages[notice.message]
    values = _values(notice, account, words)
    link = portal_link(portal_url, account.account_id, notice.page) if portal_url else None
    actions = [Action(message.action, link)] if link else []
    paragraphs = [texts.greeting, *message.paragraphs, *([] if actions else [texts.where])]
    return Mail(
        language=words.locale.language,
        brand=brand,
        subject=message.subject.format_map(values),
        paragraphs=[each.format_map(values) for each in paragraphs],
        facts=[(texts.labels[name], values[name]) for name in notice.facts],
        actions=actions,
        footer=[each.format_map(values) for each in texts.footer],
    )


def portal_link(portal_url: str, account_id: str, page: str = "") -> str:
    """Return where a page of an account's billing is: the platform's address, `{account_id}` and `{page}` filled in.

    An address without `{page}` leads to the first page, from which all others are reached.
    """
    return portal_url.replace("{account_id}", quote(account_id, safe="")).replace("{page}", page)


def _values(notice: Notice, account: Account, words: Words) -> dict[str, str]:
    """Return what the placeholders stand for."""
    amounts = {name: words.amount(each, account.currency) for name, each in notice.amounts_micros.items()}
    return {
        **amounts,
        **{name: words.date(each) for name, each in notice.dates_ms.items()},
        "account": one_line(account.name),
        "card": words.card(notice.card) if notice.card else "",
        "date": words.date(parse_iso(notice.occurred_at)),
        "purpose": words.texts.purposes[notice.purpose] if notice.purpose else "",
        "reason": words.reason(notice.reason),
        "reference": one_line(notice.reference or ""),
    }
