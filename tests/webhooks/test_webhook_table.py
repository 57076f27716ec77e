"""The door to the table `webhook_events`."""

import json
import secrets

import pytest

from chalicelib import clock
from chalicelib.clock import now_ms
from chalicelib.stripe_api.event import StripeEvent, Verdict
from chalicelib.webhooks import table as webhook_table
from chalicelib.webhooks.table import WebhookEventRow
from tests.filled import STRANGE

pytestmark = pytest.mark.usefixtures("memory")


def event(name: str) -> StripeEvent:
    return StripeEvent(name, "payment_intent.succeeded", 1_790_000_000, {"object": {}})


def test_an_event_is_stored_once_and_has_work_until_it_is_finished() -> None:
    assert webhook_table.store(event("evt_1"), b'{"first": true}')
    assert webhook_table.store(event("evt_1"), b'{"second": true}')
    assert WebhookEventRow.get("evt_1").payload == '{"first": true}'
    webhook_table.finish("evt_1", Verdict("processed"))
    assert not webhook_table.store(event("evt_1"), b"{}")


def test_a_finished_event_stays_finished_whatever_another_delivery_came_to() -> None:
    webhook_table.store(event("evt_2"), b"{}")
    webhook_table.finish("evt_2", Verdict("processed"))
    webhook_table.finish("evt_2", Verdict("parked", "the slower one failed"))
    stored = WebhookEventRow.get("evt_2")
    assert [stored.state, stored.reason, stored.parked] == ["processed", None, None]


def test_an_event_whose_function_died_is_found_among_the_unfinished() -> None:
    webhook_table.store(event("evt_3"), b"{}")
    assert "evt_3" in [each.event_id for each in WebhookEventRow.unfinished.query("received")]
    webhook_table.finish("evt_3", Verdict("parked", "x" * 5000))
    (parked,) = [each for each in webhook_table.parked(100) if each.event_id == "evt_3"]
    assert len(str(parked.reason)) == webhook_table.LONGEST_REASON
    webhook_table.finish("evt_3", Verdict("ignored"))
    assert "evt_3" not in [each.event_id for each in webhook_table.parked(100)]


@pytest.mark.parametrize("text", [STRANGE, "x" * 1_000_000], ids=["strange", "large"])
def test_the_body_of_an_event_is_kept_until_it_is_finished(text: str) -> None:
    body, name = json.dumps({"text": text}, ensure_ascii=False), f"evt_{len(text)}"
    webhook_table.store(event(name), body.encode())
    assert webhook_table.payload_of(name) == body
    webhook_table.finish(name, Verdict("processed"))
    assert webhook_table.payload_of(name) is None


def test_a_body_that_fits_into_no_row_is_not_kept_and_the_event_is() -> None:
    assert webhook_table.store(event("evt_huge"), secrets.token_hex(500_000).encode())
    assert webhook_table.payload_of("evt_huge") is None
    assert webhook_table.store(event("evt_huge"), b"")


def test_of_an_event_that_was_never_stored_there_is_no_body() -> None:
    assert webhook_table.payload_of("evt_unheard_of") is None


def test_an_event_is_unfinished_when_its_function_can_no_longer_be_at_work() -> None:
    webhook_table.store(event("evt_begun"), b"{}")
    assert "evt_begun" not in webhook_table.unfinished(now_ms(), 100)
    assert "evt_begun" in webhook_table.unfinished(now_ms() + webhook_table.DEAD_AFTER_MS + 1000, 100)


def test_parked_events_are_counted_and_listed_oldest_first_up_to_a_limit() -> None:
    before = webhook_table.count_parked(100)
    for number, name in ((2, "evt_later"), (1, "evt_sooner")):
        with clock.moved_to(clock.from_ms(number * 1000)):
            webhook_table.store(event(name), b"{}")
            webhook_table.finish(name, Verdict("parked", STRANGE))
    assert webhook_table.count_parked(100) == before + 2
    first, second = webhook_table.parked(2)
    assert [first.event_id, second.event_id, first.reason] == ["evt_sooner", "evt_later", STRANGE]


def test_a_finished_event_is_forgotten_a_month_later() -> None:
    webhook_table.store(event("evt_done"), None)
    webhook_table.finish("evt_done", Verdict("ignored"))
    days = (WebhookEventRow.get("evt_done").expires_at - now_ms() / 1000) / 86_400
    assert 29.9 < days <= 30
