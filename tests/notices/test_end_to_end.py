"""From a commit to the ledger to the bus and the inbox, over the streams, the rule and the queue that are deployed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib.accounts.account import Account
from chalicelib.ledger.post import post_one
from chalicelib.payments import table as payments
from local.aws import Aws
from local.bindings import bindings
from local.queue_source import QueueSource
from local.resources import Deployment
from local.stream_source import StreamSource
from tests.build import credit, debit
from tests.notices.conftest import Bus, Inbox, NewAccount
from tests.notices.test_send import a_payment
from tests.wait import wait_for

Json = dict[str, Any]
OURS = {"announce_wallets", "announce_payments", "announce_auto_pay", "send_mails"}


@contextmanager
def running(aws: Aws, stack: Deployment, positions: Path) -> Iterator[None]:
    """Run this domain's functions on their streams and their queue; without known positions from the streams' start."""
    stopping = threading.Event()
    ours = [binding for binding in bindings(app, stack.functions) if binding.name in OURS]
    assert len(ours) == len(OURS)
    sources = [
        QueueSource(each, aws.endpoint) if each.kind == "Queue" else StreamSource(each, aws.endpoint, positions)
        for each in ours
    ]
    threads = [threading.Thread(target=source.run, args=(stopping,), daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    yield
    stopping.set()
    for thread in threads:
        thread.join()


@pytest.fixture
def system(aws: Aws, stack: Deployment, tmp_path: Path) -> Iterator[None]:
    with running(aws, stack, tmp_path):
        yield


def of(account: Account, heard: list[Json]) -> list[Json]:
    return [event for event in heard if event["detail"]["account_id"] == account.account_id]


def types(heard: list[Json]) -> list[str]:
    return [event["detail-type"] for event in heard]


@pytest.mark.usefixtures("system")
def test_a_wallet_that_runs_dry_is_told_and_mailed(bus: Bus, inbox: Inbox, new_account: NewAccount) -> None:
    account = new_account(locale="de")
    account_id = account.account_id
    post_one(account_id, credit(amount_micros=25_000_000))
    post_one(account_id, debit(2, amount_micros=5_000_000))
    post_one(account_id, debit(3, amount_micros=12_000_000))
    assert types(of(account, bus.hear(2))) == ["wallet.restored", "wallet.low"]
    (mail,) = wait_for(lambda: inbox.mails(account.email), seconds=20)
    assert mail["Subject"] == "Ihr Guthaben wird knapp: 8,00\xa0$"
    post_one(account_id, debit(4, amount_micros=9_000_000))
    assert types(of(account, bus.hear(1))) == ["wallet.exhausted"]
    wait_for(lambda: len(inbox.mails(account.email)) == 2, seconds=20)
    assert inbox.mails(account.email)[1]["Subject"] == "Ihr Guthaben ist aufgebraucht"


def test_streams_that_are_read_twice_tell_the_same_again_and_mail_nobody_twice(
    aws: Aws, stack: Deployment, bus: Bus, inbox: Inbox, new_account: NewAccount, tmp_path: Path
) -> None:
    first, second = new_account(), new_account()
    payments.put_new(a_payment(first, "succeeded"))
    with running(aws, stack, tmp_path / "once"):
        mail = wait_for(lambda: inbox.mails(first.email), seconds=20)[0]
    once = of(first, bus.heard())
    assert once[0]["detail"]["payment_id"] in mail["BodyText"]
    payments.put_new(a_payment(second, "succeeded"))
    with running(aws, stack, tmp_path / "again"):
        # What comes last on the stream and the queue is there: so is all that came before.
        wait_for(lambda: inbox.mails(second.email), seconds=20)
    again = of(first, bus.heard())
    assert [event["detail"] for event in again] == [event["detail"] for event in once]
    assert again[0]["id"] != once[0]["id"]
    inbox.only(first.email)
