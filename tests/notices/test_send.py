"""Mails go out once for their cause, to those whom the account chose."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import BillingDetails
from chalicelib.clock import iso, now, now_ms
from chalicelib.notices import mailbox, table
from chalicelib.notices.choice import Choice, Mails
from chalicelib.subscriptions.subscription import Status
from tests.notices.conftest import Inbox, NewAccount
from tests.notices.sending import Json, deliver, low, message, owe, pay, ses, switch_on, used_up


def test_a_succeeded_payment_is_confirmed(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    assert deliver(pay(account)) == []
    mail = inbox.only(account.email)
    assert mail["Subject"] == "Your receipt for $25.00"
    assert mail["Source"] == "Example Billing <billing@example.com>"
    for text in (mail["BodyText"], mail["BodyHtml"]):
        assert "Visa •••• 4242" in text


def test_an_event_that_comes_again_sends_no_second_mail(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    event = pay(account)
    assert deliver(event, event) == []
    assert deliver({**event, "messageId": "again"}) == []
    inbox.only(account.email)


def test_a_mail_about_the_balance_goes_out_once_a_day(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    assert deliver(used_up(account), used_up(account)) == []
    inbox.only(account.email)
    tomorrow = iso(now_ms() + 24 * 3600 * 1000)
    assert deliver(used_up(account, occurred_at=tomorrow)) == []
    assert len(inbox.mails(account.email)) == 2


def test_eight_functions_at_once_send_one_mail_about_the_balance(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    events = [used_up(account) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        failed = [message_id for returned in pool.map(deliver, events) for message_id in returned]
    inbox.only(account.email)
    # Who came while the mail was on its way is delivered again, and finds it sent.
    assert deliver(*(event for event in events if event["messageId"] in failed)) == []
    inbox.only(account.email)


def test_a_balance_that_was_refilled_meanwhile_costs_nobody_a_mail(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    assert deliver(low(account)) == []  # the wallet is empty, not low: this event is no longer true
    assert inbox.mails(account.email) == []


@pytest.mark.parametrize(
    ("locale", "subject"), [("en-US", "Your balance is used up"), ("de-AT", "Ihr Guthaben ist aufgebraucht")]
)
def test_an_account_is_written_to_in_its_language(
    inbox: Inbox, new_account: NewAccount, locale: str, subject: str
) -> None:
    account = new_account(locale=locale)
    assert deliver(used_up(account)) == []
    assert inbox.only(account.email)["Subject"] == subject


def test_auto_pay_that_failed_is_told_with_the_reason(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    switch_on(account, failures=1)
    assert deliver(pay(account, "failed", "auto_pay", "insufficient_funds")) == []
    mail = inbox.only(account.email)
    assert mail["Subject"] == "Auto-pay couldn't charge $25.00"
    assert "the card has insufficient funds" in mail["BodyText"]


def test_the_last_decline_and_the_suspension_are_one_mail(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    switch_on(account, "declines")
    suspension = message("auto_pay.suspended", account, reason="declines", failures=3)
    assert deliver(pay(account, "failed", "auto_pay"), suspension) == []
    assert inbox.only(account.email)["Subject"] == "Auto-pay is paused"


def test_a_bank_that_wants_to_see_the_customer_is_one_mail(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    switch_on(account, "authentication")
    suspension = message("auto_pay.suspended", account, reason="authentication", failures=1)
    assert deliver(pay(account, "failed", "auto_pay", "authentication_required"), suspension) == []
    assert inbox.only(account.email)["Subject"] == "Confirm with your bank to keep auto-pay running"


def test_a_payment_that_waits_for_the_customer_is_told(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    assert deliver(pay(account, "requires_action")) == []
    assert inbox.only(account.email)["Subject"] == "Confirm your payment of $25.00"


@pytest.mark.parametrize(
    ("status", "code", "subject", "reason"),
    [
        ("past_due", "expired_card", "We couldn't renew your subscription", "the card has expired"),
        ("past_due", "card_disputed", "We couldn't renew your subscription", "with this card is disputed"),
        ("past_due", "card_missing", "We couldn't renew your subscription", "there's no card on file"),
        (
            "past_due",
            "authentication_required",
            "Confirm with your bank to keep your subscription",
            "the bank needs you to confirm the payment",
        ),
        ("unpaid", "expired_card", "Your subscription isn't paid: access ends on ", "the card has expired"),
    ],
)
def test_a_subscription_that_is_owed_is_told_once_with_the_reason(
    inbox: Inbox, new_account: NewAccount, status: Status, code: str, subject: str, reason: str
) -> None:
    account = new_account()
    event = owe(account, status, status, code)
    assert deliver(event, event) == []
    mail = inbox.only(account.email)
    assert mail["Subject"].startswith(subject)
    assert reason in mail["BodyText"]


def test_a_subscription_that_was_paid_meanwhile_costs_nobody_a_mail(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    assert deliver(owe(account, "past_due", "active")) == []
    assert inbox.mails(account.email) == []


def test_the_billing_contact_gets_the_mails_unless_others_are_chosen(inbox: Inbox, new_account: NewAccount) -> None:
    contact = "books-1@acme.example"
    account = new_account(billing_details=BillingDetails(email=contact))
    assert deliver(pay(account)) == []
    inbox.only(contact)
    assert inbox.mails(account.email) == []
    table.put_choice(account.account_id, Choice(["one-1@acme.example", "two-1@acme.example"], version=1))
    assert deliver(pay(account)) == []
    assert inbox.only("one-1@acme.example")["To"] == ["one-1@acme.example", "two-1@acme.example"]
    inbox.only(contact)


def test_a_domain_of_other_letters_goes_out_as_punycode(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account(email="kim-1@bücher.example")
    assert deliver(pay(account)) == []
    assert inbox.only("kim-1@xn--bcher-kva.example")["To"] == ["kim-1@xn--bcher-kva.example"]


def test_an_address_that_no_mail_reaches_fails_alone_and_loudly(
    inbox: Inbox, new_account: NewAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    some = new_account()
    table.put_choice(some.account_id, Choice(["kim@acme", "three-1@acme.example"], version=1))
    assert deliver(pay(some)) == []
    assert inbox.only("three-1@acme.example")["To"] == ["three-1@acme.example"]
    none = new_account(email="kim@acme\n")
    assert len(deliver(pay(none))) == 1
    logged = capsys.readouterr().out
    assert f'"account_id": "{some.account_id}"' in logged
    assert f"no mail reaches any address of {none.account_id}" in logged
    assert "kim@acme" not in logged


def test_a_client_whose_workspace_cannot_be_answered_gets_its_mails_all_the_same(
    inbox: Inbox, new_account: NewAccount
) -> None:
    workspace = new_account(email="kim@acme")
    client = new_account(kind="client", workspace_id=workspace.account_id)
    assert deliver(used_up(client)) == []
    inbox.only(client.email)


def test_a_mail_that_was_turned_off_is_not_sent(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    table.put_choice(account.account_id, Choice(mails=Mails(receipt=False), version=1))
    assert deliver(pay(account), used_up(account)) == []
    assert inbox.only(account.email)["Subject"] == "Your balance is used up"


def test_a_forgotten_account_gets_no_mail_not_even_of_what_happened_before(
    inbox: Inbox, new_account: NewAccount
) -> None:
    account = new_account()
    table.put_choice(account.account_id, Choice([account.email], version=1))
    event = pay(account)
    forgotten = replace(accounts.get(account.account_id), email="", forgotten_at_ms=now_ms())
    assert accounts.change(forgotten)
    assert deliver(event, used_up(account)) == []
    assert inbox.mails(account.email) == []


def test_a_clients_mail_carries_its_workspaces_name(inbox: Inbox, new_account: NewAccount) -> None:
    workspace = new_account(name='Agentur "Blüte", Berlin\r\nBcc: x@example.com', email="hello@agentur.example")
    client = new_account(kind="client", workspace_id=workspace.account_id, name="Bakery")
    sent: list[Json] = []
    events = mailbox.client().meta.events
    note = lambda params, **_: sent.append(json.loads(params["body"]))  # noqa: E731 - kept to be unregistered
    events.register("before-call.sesv2.SendEmail", note)
    assert deliver(used_up(client)) == []
    events.unregister("before-call.sesv2.SendEmail", note)
    mail = inbox.only(client.email)
    assert "Agentur &quot;Blüte&quot;, Berlin Bcc: x@example.com" in mail["BodyHtml"]
    assert "Example Billing" not in mail["BodyHtml"] + mail["BodyText"] + mail["Source"]
    assert mail["Source"].isascii()
    assert mail["Source"].endswith("<billing@example.com>")
    assert "\n" not in mail["Source"]
    assert sent[0]["ReplyToAddresses"] == ["hello@agentur.example"]
    assert sent[0]["Destination"]["ToAddresses"] == [client.email]


def test_a_receipt_is_from_the_workspace_that_was_paid_wherever_the_client_was_moved_since(
    inbox: Inbox, new_account: NewAccount
) -> None:
    paid, now_of = new_account(name="North Agency"), new_account(name="South Agency")
    client = new_account(kind="client", workspace_id=now_of.account_id)
    assert deliver(pay(client, workspace_id=paid.account_id), used_up(client)) == []
    receipt, balance = sorted(inbox.mails(client.email), key=lambda mail: str(mail["Subject"]), reverse=True)
    assert (receipt["Subject"], "North Agency" in receipt["Source"]) == ("Your receipt for $25.00", True)
    assert "South Agency" in balance["Source"]


def test_a_mail_that_ses_refuses_comes_again_and_is_sent_then(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    event = used_up(account)

    def refuse(call: int) -> None:
        if call == 1:
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slower"}}, "SendEmail")

    with ses(refuse, "before"):
        assert deliver(event) == [event["messageId"]]
        assert inbox.mails(account.email) == []
        assert deliver(event) == [event["messageId"]], "the claim still holds"
        with clock.moved_to(now() + timedelta(milliseconds=table.LEASE_MS + 1000)):
            assert deliver(event) == []
    inbox.only(account.email)


def test_a_mail_that_ses_took_without_our_hearing_is_sent_again_with_the_same_id(
    inbox: Inbox, new_account: NewAccount
) -> None:
    """Rather twice than never; the header tells that the two are one."""
    account = new_account()
    event = pay(account)
    sent: list[str] = []

    def lose(call: int) -> None:
        if call == 1:
            raise ReadTimeoutError(endpoint_url="ses")

    def note(params: Json, **_: Any) -> None:
        sent.append(json.loads(params["body"])["Content"]["Simple"]["Headers"][0]["Value"])

    mailbox.client().meta.events.register("before-call.sesv2.SendEmail", note)
    with ses(lose, "after"):
        assert deliver(event) == [event["messageId"]]
        with clock.moved_to(now() + timedelta(milliseconds=table.LEASE_MS + 1000)):
            assert deliver(event) == []
            assert deliver(event) == []
    mailbox.client().meta.events.unregister("before-call.sesv2.SendEmail", note)
    assert len(inbox.mails(account.email)) == 2
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_one_bad_message_stops_no_other(inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account()
    unknown = message("wallet.unheard_of", account)
    nobody = pay(account)
    nobody["body"] = nobody["body"].replace(account.account_id, "nobody")
    broken = {"messageId": "broken", "body": "{"}
    assert deliver(unknown, nobody, broken, pay(account)) == [unknown["messageId"], nobody["messageId"], "broken"]
    inbox.only(account.email)
