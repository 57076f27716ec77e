"""The operator's own trouble with Stripe: customers are told the truth, and all goes on by itself when it is over."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.cards.start_setup import start_setup
from chalicelib.payments import due
from chalicelib.recovery.sweep import sweep
from chalicelib.stripe_api.errors import PaymentsUnavailable
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.environment import use
from tests.payments.calls import refresh, top_up
from tests.payments.payer import HOUR_MS, NewPayer, Payer
from tests.reversals.refunder import only_refund, refund_payment

EVERY = "/v1/*"
CREATE = "/v1/payment_intents"


def error(status: int = 400, **about: Any) -> Callable[[Emulator], None]:
    return lambda emulator: void(emulator.fault("error", status=status, path=EVERY, method="POST", times=0, **about))


def saved(status: int = 400, **about: Any) -> Callable[[Emulator], None]:
    return lambda emulator: void(emulator.fault("error_saved", status=status, path=CREATE, times=0, **about))


def void(_: Any) -> None:
    """Ignore a value."""


def over(emulator: Emulator) -> None:
    emulator.clear_faults()
    emulator.unrestrict()
    emulator.restore_key()


TROUBLES: dict[str, Callable[[Emulator], None]] = {
    "restricted": lambda emulator: emulator.restrict(),
    "expired key": lambda emulator: emulator.expire_key(),
    "testmode": error(code="testmode_charges_only"),
    "parameter": error(code="parameter_unknown", param="nonsense"),
    "invalid account": error(403, code="account_invalid"),
    "permission": error(403),
    "capability": saved(code="capability_not_active"),
    "live mode": error(404, code="livemode_mismatch"),
    "codeless": error(message="Something new."),
    "of next year": saved(code="a_code_of_next_year"),
}


OF_CHARGES_ALONE = {"restricted", "capability", "of next year"}


@pytest.fixture(params=list(TROUBLES))
def trouble(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = (line for line in capsys.readouterr().out.splitlines() if line.startswith("{"))
    return [line for line in map(json.loads, lines) if line["level"] == "error"]


def test_a_top_up_waits_is_loud_and_goes_on_by_itself(
    api: Api, payer: Payer, emulator: Emulator, trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    TROUBLES[trouble](emulator)
    capsys.readouterr()
    refused = problem(top_up(api, payer), 503, "payments-unavailable")
    assert "the card is fine" in refused["detail"]
    assert "charged" not in refused["detail"], "an attempt whose answer was lost may have been charged before"
    assert "save" not in json.dumps(refused).lower()
    (line,) = logged(capsys)
    assert (line["event"], line["call"]) == ("Stripe refuses to work for us", "charge")
    assert line["meaning"] in {"us", "account", "unknown"}
    payment = payer.payment()
    assert (payment.state, payment.failure, refused["payment_id"]) == ("created", None, payment.payment_id)
    # The same again, a refresh and several runs of the sweeper: still the same, and no run is red.
    problem(top_up(api, payer), 503, "payments-unavailable")
    problem(refresh(api, payer), 503, "payments-unavailable")
    for _ in range(4):
        swept = payer.sweep_at()
        assert (swept.unresolved >= 1, swept.failed) == (True, 0)
    payer.assert_not_paid()
    over(emulator)
    payer.sweep_at()
    payer.assert_paid_once()
    assert top_up(api, payer).status_code == 201


@pytest.mark.parametrize("trouble", sorted(set(TROUBLES) - OF_CHARGES_ALONE))
def test_saving_a_card_meanwhile_says_the_same(api: Api, new_payer: NewPayer, emulator: Emulator, trouble: str) -> None:
    payer = new_payer(card=None)
    TROUBLES[trouble](emulator)
    problem(api.post(f"/v1/accounts/{payer.account_id}/card-setups", None), 503, "payments-unavailable")
    over(emulator)
    assert payer.save_card().last_four == "4242"


def test_a_wrong_key_is_no_internal_error_anywhere(api: Api, payer: Payer) -> None:
    account = f"/v1/accounts/{payer.account_id}"
    payer.top_up()
    with use({}, secrets={"stripe_secret_key": "sk_live_of_nobody"}):
        problem(top_up(api, payer, key="another"), 503, "payments-unavailable")
        problem(api.post(f"{account}/card-setups", None), 503, "payments-unavailable")
        problem(api.put(f"{account}/card", {"setup_intent_id": "seti_1"}), 503, "payments-unavailable")
        assert api.call("DELETE", f"{account}/card", b"").status_code == 204
    assert payer.load().card is None


def test_a_refund_waits_and_goes_on_by_itself(payer: Payer, emulator: Emulator) -> None:
    payer.top_up()
    emulator.fault("error_saved", status=400, code="balance_insufficient", path="/v1/refunds", method="POST", times=0)
    assert refund_payment(payer).state == "created"
    assert refund_payment(payer).state == "created"
    emulator.clear_faults()
    emulator.expire_key()
    assert payer.sweep_at().failed == 0
    emulator.restore_key()
    payer.sweep_at()
    assert only_refund(payer).state == "succeeded"
    assert payer.balance_micros == 0


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"status": 400, "code": "charge_disputed"}, "charge_disputed"),
        ({"status": 402, "type": "card_error", "code": "card_declined"}, "card_declined"),
        ({"status": 400, "param": "amount"}, "invalid_request_error"),
    ],
)
def test_a_refund_that_can_never_be_is_given_up(
    api: Api, payer: Payer, emulator: Emulator, about: dict[str, Any], code: str
) -> None:
    payer.top_up()
    emulator.fault("error", path="/v1/refunds", method="POST", **about)
    answer = api.post(
        f"/v1/accounts/{payer.account_id}/payments/{payer.payment().payment_id}/refunds",
        {"reason": "goodwill"},
        Idempotency_Key="refund-1",
    )
    assert problem(answer, 409, "refund-failed")["code"] == code
    assert payer.balance_micros == 25_000_000


@pytest.mark.parametrize(
    ("about", "status", "slug"),
    [
        ({"status": 400, "code": "email_invalid", "param": "email"}, 422, "details-refused"),
        ({"status": 400, "param": "name"}, 422, "details-refused"),
        ({"status": 402, "type": "card_error", "code": "card_declined"}, 402, "card-refused"),
        ({"status": 429, "code": "rate_limit", "type": "rate_limit_error"}, 503, "stripe-unavailable"),
        ({"status": 500, "type": "api_error"}, 503, "stripe-unavailable"),
    ],
)
def test_a_card_setup_is_refused_with_what_is_to_be_mended(
    api: Api, new_payer: NewPayer, emulator: Emulator, about: dict[str, Any], status: int, slug: str
) -> None:
    payer = new_payer(card=None)
    emulator.fault("error", path="/v1/customers", times=0, **about)
    found = problem(api.post(f"/v1/accounts/{payer.account_id}/card-setups", None), status, slug)
    assert found.get("field") == (about.get("param") if status == 422 else None)


def test_an_amount_that_stripe_does_not_take_is_the_payments_failure(
    payer: Payer, emulator: Emulator, api: Api
) -> None:
    emulator.fault("error", status=400, code="amount_too_small", param="amount", message="Too small.", path=CREATE)
    refused = problem(top_up(api, payer), 402, "card-declined")
    assert (refused["code"], refused["detail"]) == ("amount_too_small", "Too small.")


def test_a_payment_that_stripe_no_longer_has_is_looked_for_and_given_up(
    new_payer: NewPayer, emulator: Emulator
) -> None:
    payer = new_payer("pm_card_authenticationRequired")
    payer.top_up()
    emulator.fault("error", status=404, code="resource_missing", path=f"{CREATE}/*", method="GET", times=0)
    payer.sweep_at(24 * HOUR_MS)
    assert payer.payment().state == "canceled"


def test_a_key_that_was_used_for_something_else_is_waited_for_and_replaced(payer: Payer, emulator: Emulator) -> None:
    emulator.fault("error", status=400, type="idempotency_error", path=CREATE, method="POST")
    assert payer.top_up().payment.state == "created"
    assert payer.payment().key_exhausted_at_ms is not None
    payer.sweep_at(11 * 60 * 1000)
    assert payer.payment().attempt == 2
    payer.assert_paid_once()


def test_a_customer_that_is_gone_is_made_again_as_before(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer()
    emulator.stripe_client().v1.customers.delete(payer.customer_id)
    assert payer.save_card().last_four == "4242"


def test_the_sweeper_runs_on_and_backs_off_while_the_key_is_expired(new_payer: NewPayer, emulator: Emulator) -> None:
    emulator.expire_key()
    payers = []
    for _ in range(3):
        emulator.restore_key()
        payer = new_payer()
        emulator.expire_key()
        with pytest.raises(PaymentsUnavailable):
            payer.top_up()
        payers.append(payer)
    first = max(due.check_at_ms(each.payment()) for each in payers)
    assert sweep(first).failed == 0
    assert all(due.check_at_ms(each.payment()) > first for each in payers)
    emulator.restore_key()
    sweep(clock.now_ms() + HOUR_MS)
    for each in payers:
        each.assert_paid_once()


def test_what_a_setup_makes_is_named_after_this_deployment(payer: Payer, emulator: Emulator) -> None:
    start_setup(payer.load())
    for kind in ("customer", "setup_intent"):
        made = [each["metadata"] for each in emulator.objects(kind)]
        assert {each["deployment"] for each in made} == {"local"}
