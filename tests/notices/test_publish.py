"""Records of streams become events on the bus: each, in order, and again only what was not taken."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as Unreachable

from chalicelib.auto_pay import table as auto_pay_table
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.catalog.catalog import catalog
from chalicelib.notices import bus as door
from chalicelib.notices.choice import Choice
from chalicelib.notices.publish import (
    publish_auto_pay,
    publish_invoices,
    publish_payments,
    publish_subscriptions,
    publish_wallets,
)
from chalicelib.notices.table import CHOICE, NoticeRow, put_choice
from chalicelib.streams import sequence_number
from local.aws import Aws
from local.resources import Deployment
from tests.notices.conftest import Bus, NewAccount
from tests.notices.records import (
    auto_pay,
    invoice,
    invoice_record,
    next_period,
    payment_record,
    record,
    subscription,
    wallet,
    wallet_record,
)

Json = dict[str, Any]


@contextmanager
def answers(change: Callable[[int, Json], None]) -> Iterator[list[int]]:
    """Let `change` alter what the bus answers, by the number of the call; gives how many entries each call had."""
    sizes: list[int] = []

    def note(params: Json, **_: Any) -> None:
        sizes.append(len(json.loads(params["body"])["Entries"]))

    def alter(parsed: Json, **_: Any) -> None:
        change(len(sizes), parsed)

    events = door.client().meta.events
    events.register("before-call.events.PutEvents", note)
    events.register("after-call.events.PutEvents", alter)
    try:
        yield sizes
    finally:
        events.unregister("before-call.events.PutEvents", note)
        events.unregister("after-call.events.PutEvents", alter)


def refuse(answer: Json, *places: int) -> None:
    for place in places:
        answer["Entries"][place] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slower, please"}
    answer["FailedEntryCount"] = len(places)


def payments(number: int) -> list[Json]:
    return [payment_record("created", "succeeded", payment_id=f"pay_{each}") for each in range(number)]


def ids(heard: list[Json]) -> list[str]:
    return [event["detail"]["id"] for event in heard]


def test_a_payment_is_told_on_the_bus(bus: Bus) -> None:
    assert publish_payments(payments(1)) == []
    (heard,) = bus.hear(1)
    assert heard["source"] == "billing-portal"
    assert heard["detail-type"] == "payment.succeeded"
    assert heard["detail"]["amount"] == "25.00"


def test_records_that_are_no_event_call_nobody(bus: Bus) -> None:
    with answers(lambda *_: None) as sizes:
        assert publish_payments([payment_record("created", "processing")]) == []
        assert publish_payments([]) == []
    assert sizes == []


def test_a_suspension_is_told_on_the_bus(bus: Bus) -> None:
    assert publish_auto_pay([record(auto_pay(), auto_pay("declines", 3))]) == []
    assert [event["detail-type"] for event in bus.hear(1)] == ["auto_pay.suspended"]


def test_a_subscription_that_goes_on_and_one_that_is_owed_are_told_on_the_bus(bus: Bus) -> None:
    records = [record(subscription(), next_period()), record(subscription(), subscription("past_due"))]
    assert publish_subscriptions(records) == []
    heard = {event["detail-type"]: event["detail"] for event in bus.hear(2)}
    assert heard["subscription.renewed"]["payment_id"] == "pay_2"
    assert heard["subscription.past_due"]["failure"]["code"] == "expired_card"


def test_an_invoice_is_told_on_the_bus(bus: Bus) -> None:
    counter = {"account_id": "acme", "document": "counter", "sequence": 12}
    assert publish_invoices([invoice_record(invoice()), invoice_record(counter)]) == []
    (heard,) = bus.hear(1)
    assert (heard["detail-type"], heard["detail"]["number"]) == ("invoice.issued", "INV-ACME-12")


def test_a_big_batch_goes_in_calls_of_ten(bus: Bus) -> None:
    with answers(lambda *_: None) as sizes:
        assert publish_payments(payments(25)) == []
    assert sizes == [10, 10, 5]
    assert len(bus.hear(25)) == 25


def test_of_a_call_taken_in_part_only_the_rest_goes_again(bus: Bus) -> None:
    def once(call: int, answer: Json) -> None:
        if call == 1:
            refuse(answer, 2, 7)

    with answers(once) as sizes:
        assert publish_payments(payments(10)) == []
    assert sizes == [10, 2]


def test_what_the_bus_goes_on_refusing_comes_again_from_there(bus: Bus) -> None:
    records = payments(25)
    with answers(lambda call, answer: refuse(answer, -1) if call > 1 else None) as sizes:
        assert publish_payments(records) == [sequence_number(records[19])]
    assert sizes == [10, 10, 1, 1, 1]
    assert publish_payments(records[19:]) == []
    heard = ids(bus.hear(20))
    assert {f"payment.succeeded:acme:pay_{each}" for each in range(25)} <= set(heard)


def test_an_answer_that_is_lost_is_repeated_with_the_same_ids(bus: Bus) -> None:
    def lose(call: int, _answer: Json) -> None:
        if call == 1:
            raise Unreachable(error="the answer was lost")

    records = payments(2)
    with answers(lose), pytest.raises(Unreachable):
        publish_payments(records)
    assert publish_payments(records) == []
    heard = ids(bus.hear(4))
    assert len(heard) == 4
    assert len(set(heard)) == 2


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_an_event_that_the_bus_can_never_take_is_parked_and_nothing_waits_behind_it(
    bus: Bus, aws: Aws, stack: Deployment, code: str
) -> None:
    def spoil(_call: int, answer: Json) -> None:
        answer["Entries"][1] = {"ErrorCode": code, "ErrorMessage": "not this one"}

    records = payments(3)
    with answers(spoil) as sizes:
        assert publish_payments(records) == []
    assert sizes == [3]
    assert_parked(aws, stack, records[1])


def test_a_call_that_the_bus_refuses_as_a_whole_is_halved_until_the_culprit_stands_alone(
    bus: Bus, aws: Aws, stack: Deployment
) -> None:
    def refuse_culprit(params: Json, **_: Any) -> None:
        if "pay_6" in params["body"].decode():
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "too large"}}, "PutEvents")

    records = payments(8)
    events = door.client().meta.events
    events.register("before-call.events.PutEvents", refuse_culprit)
    try:
        assert publish_payments(records) == []
    finally:
        events.unregister("before-call.events.PutEvents", refuse_culprit)
    assert {each.rpartition(":")[2] for each in ids(bus.hear(7))} == {f"pay_{each}" for each in range(8) if each != 6}
    assert_parked(aws, stack, records[6])


def assert_parked(aws: Aws, stack: Deployment, record: Json) -> None:
    """Check that this record is the only one that is parked, and take it."""
    sqs, url = aws.client("sqs"), stack.environment["NOTICE_FAILURES_QUEUE_URL"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert json.loads(message["Body"])["record"] == record


def test_a_bus_that_is_gone_is_an_error_that_lambda_sees(stack: Deployment) -> None:
    def gone(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutEvents")

    with answers(gone), pytest.raises(ClientError):
        publish_payments(payments(1))


def test_a_record_that_cannot_be_read_is_parked_and_holds_up_nothing(bus: Bus, aws: Aws, stack: Deployment) -> None:
    good, bad = payments(1)[0], payment_record("created", "succeeded", amount_micros="much")
    assert publish_payments([bad, good]) == []
    assert len(bus.hear(1)) == 1
    (message,) = aws.client("sqs").receive_message(QueueUrl=stack.environment["NOTICE_FAILURES_QUEUE_URL"])["Messages"]
    parked = json.loads(message["Body"])
    assert parked["record"] == bad
    assert "amount_micros" in parked["reason"]


def on(account_id: str, *, enabled: bool = True) -> AutoPay:
    """Return auto-pay below a balance of 50."""
    return AutoPay(
        account_id=account_id,
        enabled=enabled,
        threshold_micros=50_000_000,
        amount_micros=25_000_000,
        monthly_limit_micros=None,
        actor="tester",
        updated_at_ms=0,
        version=1,
    )


def test_without_auto_pay_the_catalogs_line_holds(bus: Bus, new_account: NewAccount) -> None:
    account = new_account().account_id
    assert publish_wallets([wallet_record(11, 9, account_id=account)], catalog()) == []
    assert bus.hear(1)[0]["detail"]["threshold"] == "10.00"


@pytest.mark.parametrize(("enabled", "expected"), [(True, "50.00"), (False, None)])
def test_auto_pays_threshold_is_the_line_while_it_is_on(
    bus: Bus, new_account: NewAccount, enabled: bool, expected: str | None
) -> None:
    account = new_account().account_id
    assert auto_pay_table.write(on(account, enabled=enabled), over=0)
    assert publish_wallets([wallet_record(51, 49, account_id=account)], catalog()) == []
    heard = bus.hear(1) if enabled else bus.heard()
    assert [event["detail"]["threshold"] for event in heard] == ([expected] if expected else [])


def test_the_chosen_amount_is_the_line_while_auto_pay_is_off(bus: Bus, new_account: NewAccount) -> None:
    chosen, other, refilled = (new_account().account_id for _ in range(3))
    for account in (chosen, refilled):
        assert put_choice(account, Choice(version=1, low_balance_micros=80_000_000))
    assert auto_pay_table.write(on(refilled), over=0)
    records = [wallet_record(81, 79, account_id=each) for each in (chosen, other, refilled)]
    assert publish_wallets(records, catalog()) == []
    (heard,) = bus.hear(1)
    assert (heard["detail"]["account_id"], heard["detail"]["threshold"]) == (chosen, "80.00")


def test_a_currency_that_is_sold_no_more_is_parked(aws: Aws, stack: Deployment) -> None:
    told = record(wallet(11, currency="sek"), wallet(9, 8, currency="sek"))
    assert publish_wallets([told], catalog()) == []
    sqs, url = aws.client("sqs"), stack.environment["NOTICE_FAILURES_QUEUE_URL"]
    assert "sek" in sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]


def test_a_choice_that_cannot_be_read_parks_its_own_record_alone(bus: Bus, new_account: NewAccount) -> None:
    bad, good = (new_account().account_id for _ in range(2))
    NoticeRow(bad, CHOICE, choice={"version": "none"}, version=1).save()
    assert publish_wallets([wallet_record(11, 9, account_id=each) for each in (bad, good)], catalog()) == []
    assert [event["detail"]["account_id"] for event in bus.hear(1)] == [good]
