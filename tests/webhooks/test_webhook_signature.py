"""Only what Stripe has signed, lately and with our secret, is heard."""

import json

import pytest

from chalicelib.webhooks.table import WebhookEventRow
from tests.api import Api, problem
from tests.environment import use
from tests.payments.payer import Payer, signed
from tests.payments.webhooks import row, send, succeeded


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=1,v1=",
        "t=x,v1=abc",
        "t=1790000000",
        "v1=" + "0" * 64,
        "t=1790000000,v0=" + "0" * 64,
        "t=1790000000,v1=schön",
    ],
)
def test_a_missing_or_malformed_signature_is_refused(api: Api, unanswered: Payer, signature: str) -> None:
    event = succeeded(unanswered)
    problem(send(api, event, signature=signature.encode().decode("latin-1")), 400, "invalid-signature")
    unanswered.assert_charged_but_not_credited()
    with pytest.raises(WebhookEventRow.DoesNotExist):
        row(event)


def test_a_signature_with_another_secret_or_of_another_body_is_refused(api: Api, unanswered: Payer) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    problem(send(api, body, signature=signed(body, "whsec_of_somebody")), 400, "invalid-signature")
    problem(send(api, body, signature=signed(body, "")), 400, "invalid-signature")
    problem(send(api, body.replace(b"2500", b"9900"), signature=signed(body)), 400, "invalid-signature")
    problem(send(api, body + b" ", signature=signed(body)), 400, "invalid-signature")
    unanswered.assert_charged_but_not_credited()


@pytest.mark.parametrize(("age_seconds", "status"), [(290, 200), (310, 400), (86400, 400), (-290, 200), (-310, 400)])
def test_a_signature_is_good_for_five_minutes(api: Api, unanswered: Payer, age_seconds: int, status: int) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    assert send(api, body, signature=signed(body, age_seconds=age_seconds)).status_code == status


def test_one_good_signature_among_several_is_enough(api: Api, unanswered: Payer) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    timestamp, good = signed(body).split(",")
    assert send(api, body, signature=f"{timestamp},v1={'0' * 64},{good},v0=abc").status_code == 200
    unanswered.assert_paid_once()


@pytest.mark.parametrize("empty", ["", " ", [], [""]])
def test_without_a_secret_everything_is_refused(api: Api, unanswered: Payer, empty: str | list[str]) -> None:
    body = json.dumps(succeeded(unanswered)).encode()
    with use({}, secrets={"stripe_webhook_secret": empty}):
        problem(send(api, body, signature=signed(body, "")), 400, "invalid-signature")
        problem(send(api, body, signature=signed(body)), 400, "invalid-signature")
    unanswered.assert_charged_but_not_credited()
