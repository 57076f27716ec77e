"""A document is mailed to an address that somebody names: once for a key, and not without bounds."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import Permission
from chalicelib.idempotency import IdempotencyConflict, Key
from chalicelib.invoices import mailing_table
from chalicelib.invoices import table as invoices
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.mailing import (
    MOST_AN_HOUR,
    Mailing,
    MailingUnconfirmed,
    RecentMailings,
    SendRequest,
    TooManyMailings,
)
from chalicelib.notices import mailbox
from chalicelib.notices.refusals import MailsOff
from chalicelib.notices.send_document import send_document
from chalicelib.payments import table as payments
from chalicelib.text import Email
from chalicelib.token import Caller
from tests.build import account, unique
from tests.environment import use
from tests.invoices.documents import SELLER, invoice
from tests.payments.build import payment

pytestmark = pytest.mark.usefixtures("memory")

_numbers = count(1)


class Ses:
    """What is sent to SES. `is_silent` loses its answers."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.is_silent = False

    def note(self, params: dict[str, Any], **_: Any) -> None:
        self.sent.append(params)
        if self.is_silent:
            raise ReadTimeoutError(endpoint_url="ses")


@pytest.fixture
def ses(memory: object) -> Iterator[Ses]:
    client, found = boto3.client("sesv2"), Ses()
    if not client.list_email_identities()["EmailIdentities"]:
        client.create_email_identity(EmailIdentity="example.com")
    with use({"MAIL_FROM": "Example Billing <billing@example.com>"}):
        events = mailbox.client().meta.events
        events.register("provide-client-params.sesv2.SendEmail", found.note)
        yield found
        events.unregister("provide-client-params.sesv2.SendEmail", found.note)


def issued(owner: Account, **changes: Any) -> Invoice:
    """Make an account with a document."""
    assert accounts.create(owner)
    paid = payment(account_id=owner.account_id, payment_id=f"pay_{next(_numbers)}", state="succeeded")
    payments.put_new(replace(paid, **changes))
    made = invoice(
        account_id=owner.account_id, sequence=1, number="ACME-000001", cause=paid.payment_id, payment_id=paid.payment_id
    )
    assert invoices.add(made)
    return made


@pytest.fixture
def owner() -> Account:
    return account(unique("account"))


@pytest.fixture
def document(owner: Account) -> Invoice:
    return issued(owner)


def mail(owner: Account, document: Invoice, key: str = "", to: str = "books@acme.example") -> Mailing:
    allowed = Permission(Caller("owner", owner.account_id, "kim"), owner)
    return send_document(allowed, document, SendRequest(Email(to)), key=Key(key or unique("key"), "customer"))


def test_it_brings_the_document_from_the_seller_and_notes_who_sent_it_to_whom(
    ses: Ses, owner: Account, document: Invoice
) -> None:
    made = mail(owner, document, to="bücher@müller.example".replace("ü", "u", 1))
    (sent,) = ses.sent
    assert sent["Destination"] == {"ToAddresses": ["bucher@xn--mller-kva.example"]}
    simple = sent["Content"]["Simple"]
    assert simple["Subject"]["Data"] == "Invoice ACME-000001 from Example Platform, Inc."
    assert "Acme had it sent to you" in simple["Body"]["Text"]["Data"]
    (file,) = simple["Attachments"]
    assert (file["FileName"], file["ContentType"]) == ("ACME-000001.pdf", "application/pdf")
    assert file["RawContent"].startswith(b"%PDF-")
    (noted,) = mailing_table.newest(owner.account_id, 1, limit=5)
    assert noted == made
    assert (noted.to, noted.actor, noted.sent_at_ms is not None) == ("bucher@xn--mller-kva.example", "kim", True)


def test_the_same_key_sends_one_mail(ses: Ses, owner: Account, document: Invoice) -> None:
    assert mail(owner, document, "one") == mail(owner, document, "one")
    assert len(ses.sent) == 1
    with pytest.raises(IdempotencyConflict):
        mail(owner, document, "one", to="other@acme.example")
    mail(owner, document, "two")
    assert len(ses.sent) == 2


def test_a_mail_whose_answer_was_lost_is_not_sent_again_with_its_key(
    ses: Ses, owner: Account, document: Invoice
) -> None:
    ses.is_silent = True
    with pytest.raises(MailingUnconfirmed):
        mail(owner, document, "lost")
    ses.is_silent = False
    with pytest.raises(MailingUnconfirmed):
        mail(owner, document, "lost")
    assert len(ses.sent) == 1
    assert mail(owner, document, "again").sent_at_ms


def test_an_account_mails_so_many_in_an_hour_and_no_more(ses: Ses, owner: Account, document: Invoice) -> None:
    mail(owner, document, "key-0")
    for number in range(1, MOST_AN_HOUR):
        note(owner, number)
    with pytest.raises(TooManyMailings) as refused:
        mail(owner, document, "one-too-many")
    assert 3500 < int(refused.value.headers["Retry-After"]) <= 3600
    assert mail(owner, document, "key-0").sent_at_ms
    assert len(ses.sent) == 1
    with clock.moved_to(clock.now() + timedelta(hours=1)):
        assert mail(owner, document, "one-too-many").sent_at_ms


def note(owner: Account, number: int) -> None:
    """Note a mailing that nobody sends."""
    made = Mailing(
        account_id=owner.account_id,
        sequence=number,
        mailing_id="mail_1",
        number=f"ACME-{number}",
        to="a@b.example",
        actor="kim",
        created_at_ms=clock.now_ms(),
    )
    assert mailing_table.add(made, mailing_table.recent(owner.account_id).with_one_at(made.created_at_ms))


def test_of_two_at_once_one_is_written_first(owner: Account, document: Invoice) -> None:
    made = Mailing(
        account_id=owner.account_id,
        sequence=1,
        mailing_id="mail_1",
        number=document.number,
        to="a@b.example",
        actor="kim",
        created_at_ms=1,
    )
    first = RecentMailings().with_one_at(1)
    assert mailing_table.add(made, first)
    assert not mailing_table.add(made, mailing_table.recent(owner.account_id).with_one_at(2))
    assert not mailing_table.add(replace(made, mailing_id="mail_2"), first)
    assert mailing_table.recent(owner.account_id) == first


def test_without_an_address_to_send_from_nothing_is_claimed(owner: Account, document: Invoice) -> None:
    with use({"MAIL_FROM": ""}), pytest.raises(MailsOff):
        mail(owner, document, "off")
    assert mailing_table.recent(owner.account_id).count == 0


def test_a_german_client_gets_it_in_german_and_in_its_workspaces_name(ses: Ses) -> None:
    workspace = replace(account(unique("agency")), name="Studio Nord", email="hallo@nord.example")
    assert accounts.create(workspace)
    client = replace(account(unique("client"), workspace_id=workspace.account_id), locale="de-DE", name="Bäckerei")
    made = replace(issued(client), seller=replace(SELLER, name="Studio Nord"))
    mail(client, made)
    (sent,) = ses.sent
    assert sent["Content"]["Simple"]["Subject"]["Data"] == "Rechnung ACME-000001 von Studio Nord"
    assert sent["FromEmailAddress"] == "Studio Nord <billing@example.com>"
    assert sent["ReplyToAddresses"] == ["hallo@nord.example"]
    assert "Example" not in str(sent["Content"]["Simple"]["Body"])
