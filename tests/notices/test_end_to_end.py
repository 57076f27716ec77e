"""From a commit to the ledger to the bus and the inbox, over the streams, the rule and the queue that are deployed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.audit.audit_usage import audit_usage
from chalicelib.catalog.catalog import catalog
from chalicelib.checks.verify_wallets import verify_wallets
from chalicelib.clock import now_ms
from chalicelib.invoices import table as invoices
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post_one
from chalicelib.payments import table as payments
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.period import next_period
from local.aws import Aws
from local.bindings import bindings
from local.resources import Deployment
from tests.build import credit, debit
from tests.invoices.documents import invoice
from tests.notices.conftest import Bus, Inbox, NewAccount
from tests.notices.sending import a_payment, subscription
from tests.running import running
from tests.wait import wait_for

Json = dict[str, Any]
OURS = {
    *(
        "announce_wallets",
        "announce_payments",
        "announce_auto_pay",
        "announce_subscriptions",
        "announce_invoices",
        "announce_repeats",
        "announce_findings",
    ),
    "send_mails",
}


@pytest.fixture
def system(aws: Aws, stack: Deployment, tmp_path: Path) -> Iterator[None]:
    with running(bindings(stack.functions, OURS), aws, tmp_path):
        yield


def of(account: Account, heard: list[Json]) -> list[Json]:
    return [event for event in heard if event["detail"]["account_id"] == account.account_id]


def hear_of(account: Account, bus: Bus, number: int) -> list[Json]:
    """Wait for so many events of an account: what others have left on the streams is told before."""
    found: list[Json] = []

    def enough() -> bool:
        found.extend(of(account, bus.heard()))
        return len(found) >= number

    wait_for(enough)
    return found


def types(heard: list[Json]) -> list[str]:
    return [event["detail-type"] for event in heard]


@pytest.mark.usefixtures("system")
def test_a_wallet_that_runs_dry_is_told_and_mailed(bus: Bus, inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account(locale="de")
    account_id = account.account_id
    post_one(credit(1, account_id, amount_micros=25_000_000))
    post_one(debit(2, account_id, amount_micros=5_000_000))
    post_one(debit(3, account_id, amount_micros=12_000_000))
    assert types(of(account, bus.hear(2))) == ["wallet.restored", "wallet.low"]
    (mail,) = wait_for(lambda: inbox.mails(account.email))
    assert mail["Subject"] == "Ihr Guthaben wird knapp: 8,00\xa0$"
    post_one(debit(4, account_id, amount_micros=9_000_000))
    assert types(of(account, bus.hear(1))) == ["wallet.exhausted"]
    wait_for(lambda: len(inbox.mails(account.email)) == 2)
    assert inbox.mails(account.email)[1]["Subject"] == "Ihr Guthaben ist aufgebraucht"


@pytest.mark.usefixtures("system")
def test_a_renewal_that_is_owed_and_then_paid_is_told_and_mailed(
    bus: Bus, inbox: Inbox, new_account: NewAccount
) -> None:
    account = new_account()
    current = subscription(account, "active")
    owed = subscription(account, "past_due", terms=current.terms, version=2)
    assert subscriptions.write(current, over=None)
    assert subscriptions.write(owed, over=current)
    (told,) = hear_of(account, bus, 1)
    assert told["detail-type"] == "subscription.past_due"
    assert told["detail"]["failure"]["code"] == "expired_card"
    assert told["detail"]["add_ons"] == {"phone_number": 3}
    (mail,) = wait_for(lambda: inbox.mails(account.email))
    assert mail["Subject"] == "We couldn't renew your subscription"
    terms = next_period(current.terms, current.terms.contents, current.terms.prices, 1)
    renewed = subscription(account, "active", terms=terms, paid_payment_id="pay_1", version=3)
    assert subscriptions.write(renewed, over=owed)
    (told,) = hear_of(account, bus, 1)
    assert (told["detail-type"], told["detail"]["payment_id"]) == ("subscription.renewed", "pay_1")


@pytest.mark.usefixtures("system")
def test_an_invoice_is_told_once_and_none_of_the_rows_beside_it(bus: Bus, new_account: NewAccount) -> None:
    account = new_account()
    for sequence in (1, 2):
        payment_id = f"pay_{sequence}"
        document = invoice(account_id=account.account_id, sequence=sequence, cause=payment_id, payment_id=payment_id)
        assert invoices.add(document)
    heard = hear_of(account, bus, 2)
    assert types(heard) == ["invoice.issued"] * 2
    assert [(each["detail"]["sequence"], each["detail"]["cause"]) for each in heard] == [(1, "pay_1"), (2, "pay_2")]


@pytest.mark.usefixtures("system")
def test_usage_that_was_charged_again_is_told_once(bus: Bus, new_account: NewAccount) -> None:
    account = new_account()
    for minutes in (20, 10):
        post_one(debit(1, account.account_id, occurred_at_ms=now_ms() - minutes * 60_000))
    audited = replace(catalog(), usage=replace(catalog().usage, give_back_repeats=True))
    assert audit_usage(audited).repeats == 1
    (told,) = hear_of(account, bus, 1)
    assert told["detail-type"] == "usage.repeated"
    assert (told["detail"]["amount"], told["detail"]["gives_back"]) == ("0.05", True)


@pytest.mark.usefixtures("system")
def test_a_wallet_that_does_not_add_up_is_told_once_and_once_it_is_mended(bus: Bus, new_account: NewAccount) -> None:
    account = new_account()
    post_one(debit(1, account.account_id))
    (page,) = PageRow.query(account.account_id)
    PageRow(account.account_id, page.page_key).update([PageRow.closing_balance_micros.set(7)])
    verify_wallets()
    (told,) = hear_of(account, bus, 1)
    assert (told["detail-type"], told["detail"]["kind"]) == ("difference.found", "wallet")
    page.save()
    with clock.moved_to(clock.now() + timedelta(days=1)):
        verify_wallets()
    (told,) = hear_of(account, bus, 1)
    assert told["detail-type"] == "difference.resolved"


def test_streams_that_are_read_twice_tell_the_same_again_and_mail_nobody_twice(
    aws: Aws, stack: Deployment, bus: Bus, inbox: Inbox, new_account: NewAccount, tmp_path: Path
) -> None:
    first, second = new_account(), new_account()
    payments.put_new(a_payment(first, "succeeded"))
    with running(bindings(stack.functions, OURS), aws, tmp_path / "once"):
        mail = wait_for(lambda: inbox.mails(first.email))[0]
    once = of(first, bus.heard())
    assert once[0]["detail"]["payment_id"] in mail["BodyText"]
    payments.put_new(a_payment(second, "succeeded"))
    with running(bindings(stack.functions, OURS), aws, tmp_path / "again"):
        # What comes last on the stream and the queue is there: so is all that came before.
        wait_for(lambda: inbox.mails(second.email))
    again = of(first, bus.heard())
    assert [event["detail"] for event in again] == [event["detail"] for event in once]
    assert again[0]["id"] != once[0]["id"]
    inbox.only(first.email)
