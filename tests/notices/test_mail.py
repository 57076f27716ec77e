"""How mails read: in every language, in both forms, whatever the names are."""

import re
from html.parser import HTMLParser
from typing import Any, get_args

import pytest

from chalicelib.accounts.account import Account
from chalicelib.i18n.words import Words
from chalicelib.invoices.issue import PURPOSES
from chalicelib.notices import mail_body
from chalicelib.notices.detail import PaidWith
from chalicelib.notices.mail import Mail, card_in_line, compose, one_line, portal_link
from chalicelib.notices.messages import MESSAGES
from chalicelib.notices.notice import SUSPENDED, BudgetName, Notice
from chalicelib.payments.payment import Kind
from chalicelib.payments.words import KINDS, decline_of

PORTAL = "https://app.example.com/settings/billing?account={account_id}"


def account(**changes: Any) -> Account:
    fields: dict[str, Any] = {
        "account_id": "acme",
        "kind": "workspace",
        "workspace_id": None,
        "name": "Acme",
        "email": "billing@acme.example",
        "currency": "usd",
        "locale": "en",
        "country": None,
        "billing_details": None,
        "created_at_ms": 0,
    }
    return Account(**{**fields, **changes})


def notice(message: str = "receipt", **changes: Any) -> Notice:
    fields: dict[str, Any] = {
        "kind": "receipt",
        "mark": "receipt/1",
        "message": message,
        "occurred_at": "2026-11-24T07:00:00.000Z",
        "amounts_micros": {"amount": 25_000_000, "balance": 29_506_500, "threshold": 10_000_000}
        | {"charged": 25_000_000, "limit": 25_000_000, "spent": 25_000_000},
        "facts": ("account", "amount", "date", "card", "purpose", "reference", "balance"),
        "card": PaidWith("visa", "4242"),
        "reason": "insufficient_funds",
        "purpose": "top_up",
        "reference": "pay_1",
        "percent": 75,
        "budget": BudgetName("SMS message", "day"),
        "dates_ms": {
            "next_attempt": 1_795_600_000_000,
            "until": 1_795_700_000_000,
            "paid": 0,
            "resumes": 0,
            "renews": 0,
            "trial_ends": 0,
            "expires": 0,
            "reopens": 0,
        },
    }
    return Notice(**{**fields, **changes})


def mail(given: Notice | None = None, portal_url: str | None = PORTAL, brand: str = "Example", **about: Any) -> Mail:
    to = account(**about)
    return compose(given or notice(), to, Words("mails", to.locale), brand=brand, portal_url=portal_url)


@pytest.mark.parametrize(("language", "several"), [("en", "several times"), ("de", "mehrmals")])
def test_only_the_suspension_for_declines_tells_of_several(language: str, several: str) -> None:
    told = {message for reason, (_, message) in SUSPENDED.items() if reason != "declines"}
    paragraphs = {message: " ".join(mail(notice(message), locale=language).paragraphs) for message in MESSAGES}
    assert several in paragraphs[SUSPENDED["declines"][1]]
    assert not any(several in paragraphs[each] for each in told)


def test_every_kind_of_payment_has_a_name() -> None:
    assert KINDS.keys() == PURPOSES.keys() == set(get_args(Kind))


@pytest.mark.parametrize("message", sorted(MESSAGES))
@pytest.mark.parametrize("locale", ["en-US", "de"])
def test_every_mail_says_who_how_much_and_where_to_act(message: str, locale: str) -> None:
    written = mail(notice(message), locale=locale, name="Bäckerei Blum")
    for text in (mail_body.text_of(written), mail_body.html_of(written)):
        assert "Bäckerei Blum" in text
        assert re.search(r"\$25\.00|25,00\s\$", text)
        assert "https://app.example.com/settings/billing?account=acme" in text
        assert not re.search(r"[{}]", re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL))
    assert "\n" not in written.subject


def test_amounts_and_dates_are_written_as_the_reader_writes_them() -> None:
    assert [value for _, value in mail(locale="en-US").facts][1:3] == ["$25.00", "November 24, 2026"]
    assert [value for _, value in mail(locale="de").facts][1:3] == ["25,00\xa0$", "24. November 2026"]
    assert [value for _, value in mail(locale="en-GB", currency="gbp").facts][1:3] == ["£25.00", "24 November 2026"]


def test_an_amount_has_as_many_places_as_it_needs() -> None:
    assert mail().facts[-1] == ("Balance", "$29.5065")
    tiny = mail(notice(amounts_micros={"amount": 1500, "balance": 0, "threshold": 0}))
    assert "$0.0015" in tiny.subject
    assert mail(currency="jpy").facts[1] == ("Amount", "¥25")


def test_a_label_in_french_stands_before_its_colon_with_a_narrow_space() -> None:
    assert "Montant\u202f: 25,00" in mail_body.text_of(mail(locale="fr"))


@pytest.mark.parametrize("locale", ["nl", "xx", "zh-Hans-CN", "en-ZZ"])
def test_who_speaks_neither_is_written_to_in_english(locale: str) -> None:
    assert mail(locale=locale).subject == "Your receipt for $25.00"


def test_a_mail_in_arabic_is_read_from_the_right_and_its_values_are_not() -> None:
    html = mail_body.html_of(mail(locale="ar-SA", name="Acme, Inc."))
    assert '<html lang="ar" dir="rtl">' in html
    assert "\u2068Acme, Inc.\u2069" in html
    assert '<td dir="auto"' in html


def test_a_region_of_a_language_is_spoken_to_in_the_language() -> None:
    assert mail(locale="de-AT").subject.startswith("Ihr Zahlungsbeleg über")


class Tags(HTMLParser):
    """Collects the elements and the links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


EVIL = (
    """<script>alert(1)</script><img src=x onerror=y>"'</td></table><a href="https://evil.example">{balance} $subject"""
)


def test_a_name_is_a_name_whatever_is_in_it() -> None:
    clean, evil = mail(), mail(brand=EVIL, name=EVIL)
    page = mail_body.html_of(evil)
    assert Tags(page).tags == Tags(mail_body.html_of(clean)).tags
    assert Tags(page).links == ["https://app.example.com/settings/billing?account=acme"]
    assert "{balance} $subject" in page
    assert EVIL in mail_body.text_of(evil)


def test_a_name_cannot_add_a_header_or_turn_the_text() -> None:
    assert one_line("Acme\r\nBcc: everybody@example.com") == "Acme Bcc: everybody@example.com"
    assert one_line("Acme\u202egpj.exe\x00") == "Acmegpj.exe"
    assert "\n" not in mail(name="Acme\n\nHello").paragraphs[1]


def test_a_link_cannot_leave_its_place() -> None:
    assert portal_link(PORTAL, "a&b=c/d") == "https://app.example.com/settings/billing?account=a%26b%3Dc%2Fd"
    assert portal_link("https://app.example.com/billing", "acme") == "https://app.example.com/billing"


def test_a_mail_leads_to_the_page_where_to_act_if_the_platform_has_its_address() -> None:
    pages = "https://app.example.com/billing/{page}?account={account_id}"
    assert (
        mail(notice(page="invoices"), pages).actions[0].url == "https://app.example.com/billing/invoices?account=acme"
    )
    assert mail(notice(), pages).actions[0].url == "https://app.example.com/billing/?account=acme"
    assert mail(notice(page="invoices")).actions[0].url == "https://app.example.com/settings/billing?account=acme"


@pytest.mark.parametrize(("locale", "closes"), [("en-US", "November 26, 2026"), ("de", "26. November 2026")])
def test_who_has_not_paid_is_told_the_day_on_which_access_closes(locale: str, closes: str) -> None:
    written = mail(notice("subscription_unpaid", facts=("until",)), locale=locale)
    assert closes in written.subject
    assert closes in written.paragraphs[1]
    assert [value for _, value in written.facts] == [closes]


def test_without_a_portal_the_mail_says_where_to_go() -> None:
    written = mail(portal_url=None)
    assert written.actions == []
    assert "You'll find all of this in Settings > Billing." in mail_body.text_of(written)
    assert Tags(mail_body.html_of(written)).links == []


def test_a_card_is_named_as_people_name_it() -> None:
    names = {"visa": "Visa", "amex": "American Express", "mastercard": "Mastercard", "unknown": "Unknown"}
    names |= {"diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay", "eftpos_au": "Eftpos au"}
    for brand, name in names.items():
        assert card_in_line(PaidWith(brand, "4242")) == f"{name} •••• 4242"


def test_a_stolen_card_is_told_like_any_other_decline() -> None:
    assert decline_of("stolen_card") == decline_of("generic_decline") == decline_of(None)


def test_the_plain_text_reads_well() -> None:
    assert mail_body.text_of(mail(notice(facts=("amount", "date", "card")))) == (
        "Hello,\n\n"
        "Thank you. We received $25.00 for Acme. You'll find the invoice on your billing page, under Invoices.\n\n"
        "Amount: $25.00\nDate: November 24, 2026\nCard: Visa •••• 4242\n\n"
        "View invoice: https://app.example.com/settings/billing?account=acme\n\n"
        "-- \nExample\nYou're getting this email because you're a billing contact for Acme.\n"
        "You can choose who gets which emails in Settings > Billing.\n"
    )
