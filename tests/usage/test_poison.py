"""Poisoned messages among good ones, over both doors: the good ones are posted, exactly the poisoned ones are not."""

import json
from collections.abc import Callable
from random import Random
from string import ascii_letters
from typing import Any

import pytest
import requests

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import Deadline, now_ms
from chalicelib.ledger import page_table, table
from chalicelib.ledger.post import post
from chalicelib.ledger.verify import verify
from chalicelib.usage.record import record
from local.resources import Deployment
from tests.api import Api
from tests.build import debit, event, sqs_record
from tests.conftest import NewWallet
from tests.usage.letters import take_dead_letters

GOOD = 504
POISONED = 56
DEEP = "[" * 1500
_noise = Random(8)


def letters(count: int) -> str:
    return "".join(_noise.choices(ascii_letters, k=count))


def with_raw(account_id: str, number: int, raw: str) -> str:
    """Return an event's JSON with JSON of one's own as an extension attribute."""
    return json.dumps(event(account_id, number))[:-1] + f', "extension": {raw}}}'


Poison = Callable[[str, int], str]

POISONS: dict[str, tuple[Poison, str]] = {
    "too deep": (lambda _, number: DEEP + str(number), "too_deep"),
    "too deep in an attribute": (lambda account, number: with_raw(account, number, DEEP + "]" * 1500), "too_deep"),
    "too big": (lambda account, number: json.dumps(event(account, number, extension=letters(17_000))), "too_large"),
    "huge metadata keys": (
        lambda account, number: json.dumps(
            event(account, number, data={"quantity": "1", "metadata": {letters(60_000): "v" for _ in range(10)}})
        ),
        "too_large",
    ),
    "long metadata keys": (
        lambda account, number: json.dumps(event(account, number, data={"quantity": "1", "metadata": {"k" * 65: "v"}})),
        "not_a_usage_event",
    ),
    "half a character": (lambda account, number: json.dumps(event(account, number, id="\ud800")), "not_json"),
    "costs nothing": (
        lambda account, number: json.dumps(event(account, number, data={"quantity": "0.000001"})),
        "rounds_to_nothing",
    ),
}
ELEMENTS = {name: each for name, each in POISONS.items() if name != "too deep"}
"""Those that can stand in an array: where brackets do not match, nobody can say where an element ends."""


@pytest.mark.parametrize(("poison", "reason"), POISONS.values(), ids=POISONS)
def test_poisoned_messages_are_put_away_and_all_good_ones_around_them_posted(
    new_wallet: NewWallet, stack: Deployment, poison: Poison, reason: str
) -> None:
    account_id, other = new_wallet(), new_wallet()
    good = [json.dumps(event((account_id, other)[number % 2], number)) for number in range(GOOD)]
    bad = [poison(account_id, number) for number in range(GOOD, GOOD + POISONED)]
    bodies = [*good, *bad]
    Random(4).shuffle(bodies)
    records = [sqs_record(body, str(place)) for place, body in enumerate(bodies)]
    assert record(records, catalog(), Deadline(60)) == []
    assert [table.read_wallet(each).sequence for each in (account_id, other)] == [GOOD // 2, GOOD // 2]
    found = take_dead_letters(stack)
    assert sorted(letter.body for letter in found) == sorted(bad)
    assert {letter.reason for letter in found} == {reason}
    assert all(bodies[int(letter.message_id)] == letter.body for letter in found)


@pytest.mark.parametrize(("poison", "reason"), ELEMENTS.values(), ids=ELEMENTS)
def test_poisoned_elements_of_an_array_are_put_away_by_themselves(
    new_wallet: NewWallet, stack: Deployment, poison: Poison, reason: str
) -> None:
    account_id = new_wallet()
    bad = poison(account_id, 2)
    array = f"[{json.dumps(event(account_id, 1))}, {bad}, {json.dumps(event(account_id, 3))}]"
    assert record([sqs_record(array)], catalog(), Deadline(60)) == []
    assert table.read_wallet(account_id).sequence == 2
    assert [(letter.reason, letter.body) for letter in take_dead_letters(stack)] == [(reason, bad)]


def broken_page(account_id: str) -> None:
    """Damage the page of an account, so that nothing can be told about what was posted around it."""
    moments = (now_ms() - 120_000, now_ms())
    post([debit(place, account_id, occurred_at_ms=moment) for place, moment in enumerate(moments)])
    (page,) = page_table.PageRow.query(account_id)
    page.update(actions=[page_table.PageRow.body.set(b"damaged")])


def broken_wallet(account_id: str) -> None:
    """Take a number out of an account's wallet: code that reads it meets what nobody thought of."""
    table.WalletRow(account_id).update(actions=[table.WalletRow.sequence.remove()])


@pytest.mark.parametrize("broken", [broken_page, broken_wallet])
def test_an_account_that_is_broken_fails_alone_with_its_stack_in_the_log(
    new_wallet: NewWallet, stack: Deployment, capsys: pytest.CaptureFixture[str], broken: Callable[[str], None]
) -> None:
    sound, account_id = new_wallet(), new_wallet()
    broken(account_id)
    bad = [json.dumps(event(account_id, number)) for number in range(POISONED)]
    bodies = [*(json.dumps(event(sound, number)) for number in range(GOOD)), *bad]
    Random(4).shuffle(bodies)
    records = [sqs_record(body, body) for body in bodies]
    assert sorted(record(records, catalog(), Deadline(60))) == sorted(bad)
    assert table.read_wallet(sound).sequence == GOOD
    assert take_dead_letters(stack) == []
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    failed = [line for line in lines if line["event"] == "usage message failed unforeseen"]
    assert len(failed) == POISONED
    assert {(line["level"], line["account_id"]) for line in failed} == {("error", account_id)}
    assert all("Traceback" in line["exception"] for line in failed)


def test_the_api_refuses_what_the_queue_would_refuse_and_takes_the_rest(api: Api) -> None:
    account_id = "poisoned"
    api.make_account(account_id)
    for poison, reason in POISONS.values():
        body = poison(account_id, 2)
        if body.count("[") != body.count("]"):
            continue
        array = f"[{json.dumps(event(account_id, 1))}, {body}, {json.dumps(event(account_id, 3))}]"
        headers = {"Authorization": f"Bearer {api.token('producer')}", "Content-Type": "application/json"}
        answer = requests.post(f"{api.url}/v1/usage", array.encode(), headers=headers, timeout=60)
        assert (answer.status_code, answer.json()["accepted"]) == (202, 2), (reason, answer.text)
        assert [(each["index"], each["reason"]) for each in answer.json()["refused"]] == [(1, reason)]


def test_the_ledger_verifies_after_poison(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    bodies: list[Any] = [poison(account_id, 100 + place) for place, (poison, _) in enumerate(POISONS.values())]
    bodies += [event(account_id, number) for number in range(50)]
    record([sqs_record(body, str(place)) for place, body in enumerate(bodies)], catalog(), Deadline(60))
    assert verify(account_id).difference is None
    assert table.read_wallet(account_id).sequence == 50
