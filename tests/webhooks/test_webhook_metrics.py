"""Each delivery is counted by what became of it: alarms watch these numbers."""

import json
from typing import Any

import pytest

from chalicelib.stripe_api.signature import InvalidSignature
from chalicelib.webhooks import receive as webhook
from chalicelib.webhooks.receive import WebhookUnprocessed, WrongApiVersion
from tests.metric_lines import counted
from tests.payments.payer import deliver, signed
from tests.payments.webhooks import intent_event

pytestmark = pytest.mark.usefixtures("emulator")
GENUINE = ("webhooks_unsigned", 0)


def ignored(name: str, **changes: Any) -> dict[str, Any]:
    return {**intent_event(name, "acme"), "type": "charge.captured", **changes}


def test_a_genuine_delivery_is_counted_every_time_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        deliver(ignored("counted"))
        assert counted(capsys.readouterr().out, "webhooks") == [GENUINE, ("webhooks_received", 1)]


def test_one_with_a_wrong_signature_is_counted_as_such_alone(capsys: pytest.CaptureFixture[str]) -> None:
    body = json.dumps(ignored("unsigned")).encode()
    with pytest.raises(InvalidSignature):
        webhook.receive(body, signed(body, "whsec_of_somebody"))
    assert counted(capsys.readouterr().out, "webhooks") == [("webhooks_unsigned", 1)]


def test_one_that_is_not_for_us_is_counted_as_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WrongApiVersion):
        deliver(ignored("refused", api_version="2019-01-01"))
    assert counted(capsys.readouterr().out, "webhooks") == [GENUINE, ("webhooks_refused", 1)]


def test_one_that_could_not_be_processed_is_counted_as_parked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WebhookUnprocessed):
        deliver(intent_event("pay_that_is_not_there", "acme"))
    assert counted(capsys.readouterr().out, "webhooks") == [GENUINE, ("webhooks_received", 1), ("webhooks_parked", 1)]
