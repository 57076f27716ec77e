"""`ops stripe first-day`: at the emulator all is as recorded, and where one differs, the differences are named."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from local.stripe_emulator.client import Emulator
from ops.__main__ import ops
from ops.first_day.shape import differences, shape_of
from ops.first_day.steps import STEPS, clean_up
from ops.first_day.trial import RECORDED, new_trial
from ops.first_day.wire import Wire
from tests.stripe_emulator.conftest import Receiver

KEY = "sk_test_first_day"


def run(emulator: Emulator, *arguments: str, key: str = KEY) -> Result:
    command = ["stripe", "first-day", "--ask-key", "--api-base", emulator.url, *arguments]
    return CliRunner().invoke(ops, command, input=f"{key}\n")


def verdicts(done: Result) -> list[str]:
    """Return the verdicts of the table's rows, in order. A step may take several lines, of which the first has it."""
    rows = [row.split("│")[-2].strip() for row in done.stdout.splitlines() if row.count("│") == 5]
    return [verdict for verdict in rows if verdict]


def test_at_the_emulator_every_step_is_as_recorded(emulator: Emulator, receiver: Receiver) -> None:
    done = run(emulator, "--webhook-url", f"{receiver.url}/first-day", "--connect")
    assert done.exit_code == 0, done.output
    assert verdicts(done) == ["same"] * len(STEPS)
    assert "/first-day" in {path for path, _, _ in receiver.received}


def test_every_step_is_recorded() -> None:
    assert json.loads(RECORDED.read_text()).keys() == {step.name for step in STEPS}


def test_what_was_made_is_deleted_again(emulator: Emulator, receiver: Receiver) -> None:
    run(emulator, "--webhook-url", f"{receiver.url}/first-day", "--connect")
    client = emulator.stripe_client()
    assert client.v1.customers.list().data == []
    assert client.v1.webhook_endpoints.list().data == []
    assert client.v1.accounts.list().data == []


def test_deployments_at_the_same_account_leave_alone_what_was_paid(emulator: Emulator) -> None:
    """Else they park events of payments that they did not make, and find differences from then on."""
    run(emulator)
    client = emulator.stripe_client()
    payments = [each.metadata.to_dict() for each in client.v1.payment_intents.list().data]
    refunds = [each.metadata.to_dict() for each in client.v1.refunds.list().data if each.metadata is not None]
    assert payments
    assert refunds
    assert all(each == {"deployment": "first-day"} for each in payments + refunds)


def test_without_a_url_and_connect_these_are_not_tried(emulator: Emulator) -> None:
    done = run(emulator)
    assert done.exit_code == 0, done.output
    assert verdicts(done).count("not tried") == 3
    assert emulator.calls("POST", "/v1/accounts") == []


@pytest.mark.parametrize(
    ("fault", "step", "said"),
    [
        ({"kind": "other_mode", "path": "/v1/customers"}, "a customer", "body.livemode: False expected, True came"),
        (
            {"kind": "error", "path": "/v1/refunds", "status": 400, "code": "charge_disputed", "message": "no"},
            "a refund, with an idempotency key",
            "answer: 200 expected, 400 came",
        ),
        (
            {"kind": "error", "path": "/v1/setup_intents", "status": 402, "code": "expired_card", "message": "no"},
            "saving a card, cards alone",
            "body.error is new",
        ),
        ({"kind": "status", "path": "/v1/account", "status": 500}, "the account", "answer: 200 expected, 500 came"),
    ],
)
def test_a_stripe_that_differs_is_found_out(emulator: Emulator, fault: Any, step: str, said: str) -> None:
    kind = fault.pop("kind")
    emulator.fault(kind, **fault)
    done = run(emulator)
    assert done.exit_code == 1
    assert f"{step}: {said}" in done.stdout
    assert any(each.startswith("differs") for each in verdicts(done))


def test_one_step_that_fails_does_not_end_the_others(emulator: Emulator) -> None:
    emulator.fault("status", path="/v1/customers", method="POST", status=500)
    found = verdicts(run(emulator))
    assert len(found) == len(STEPS)
    assert found.count("same") > 10


def test_a_live_key_is_refused_before_anything_is_asked(emulator: Emulator) -> None:
    for key in ("sk_live_1", "rk_live_1", "pk_test_1"):
        done = run(emulator, key=key)
        assert (done.exit_code, "only for a key of test mode" in done.output) == (1, True)
    assert emulator.calls() == []


def test_stripe_itself_is_not_recorded_as_what_is_to_be_expected() -> None:
    done = CliRunner().invoke(ops, ["stripe", "first-day", "--ask-key", "--record"], input=f"{KEY}\n")
    assert (done.exit_code, "only an emulator is recorded" in done.output) == (2, True)


def test_what_was_made_is_named_if_it_cannot_be_deleted_because_stripe_is_away(processes: None) -> None:
    trial = new_trial(Wire(KEY, "http://127.0.0.1:9"), webhook_url=None, with_connect=False)
    trial.made.update(customer="cus_1", webhook_endpoint="we_1")
    assert clean_up(trial) == ["we_1", "cus_1"]


def test_a_server_that_does_not_answer_is_told_apart(processes: None) -> None:
    command = ["stripe", "first-day", "--ask-key", "--api-base", "http://127.0.0.1:9"]
    done = CliRunner().invoke(ops, command, input=f"{KEY}\n")
    assert (done.exit_code, "does not answer" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("expected", "got", "found"),
    [
        ({"id": "a", "amount": 1}, {"id": "b", "amount": 2}, []),
        ({"status": "a"}, {"status": "b"}, ["status: a expected, b came"]),
        ({"receipt": None}, {"receipt": "url"}, []),
        ({"a": 1}, {"b": 1}, ["a is missing", "b is new"]),
        ({"a": {"code": "x"}}, {"a": {"code": "y"}}, ["a.code: x expected, y came"]),
        ({"a": "1"}, {"a": {}}, ["a: text expected, an object came"]),
        ({"data": [{"object": "x"}]}, {"data": [{"object": "y"}, {}]}, ["data[].object: x expected, y came"]),
        ({"data": []}, {"data": [1]}, []),
        ({"metadata": {}}, {"metadata": {"a": "b"}}, []),
        ({"livemode": False}, {"livemode": True}, ["livemode: False expected, True came"]),
    ],
)
def test_shapes_are_compared_by_fields_types_states_and_codes(expected: Any, got: Any, found: list[str]) -> None:
    assert list(differences(shape_of(expected), shape_of(got))) == found
