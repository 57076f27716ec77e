"""What a browser gets: Stripe.js, frames without inline script, the challenge, and calls with a publishable key."""

import re
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from local.stripe_emulator.test_cards import CARDS
from tests.stripe_emulator.conftest import CARD_ONLY, pay

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
JSON = {"Authorization": f"Bearer {PUBLISHABLE_KEY}", "Content-Type": "application/x-www-form-urlencoded"}


def ask(emulator: Emulator, method: str, path: str, body: str = "", headers: Any = JSON) -> tuple[int, Any, str]:
    connection = HTTPConnection("127.0.0.1", emulator.port, timeout=30)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


@pytest.mark.parametrize("path", ["/v3", "/v3/", "/js", "/stripe.js", "/basil/stripe.js", "/endive/stripe.js"])
def test_stripe_js_is_served_wherever_a_version_puts_it(emulator: Emulator, path: str) -> None:
    status, headers, text = ask(emulator, "GET", path)
    assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "window.Stripe =" in text
    for forbidden in ("innerHTML", "eval(", 'setAttribute("style"', "insertAdjacentHTML"):
        assert forbidden not in text


def test_the_card_frame_has_labels_and_nothing_inline(emulator: Emulator) -> None:
    status, headers, text = ask(emulator, "GET", "/_stripe/card?parent=http%3A%2F%2Flocalhost&group=1")
    assert status == 200
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert not INLINE.search(text)
    assert text.count("<input") == text.count("aria-label=") == 3


@pytest.mark.parametrize("path", ["/stripe_js/../store.py", "/stripe_js/nothing.js", "/nothing"])
def test_other_files_are_not_served(emulator: Emulator, path: str) -> None:
    assert ask(emulator, "GET", path)[0] == 404


def test_a_browser_saves_a_card_with_its_publishable_key(emulator: Emulator, client: Any) -> None:
    customer = client.v1.customers.create().id
    intent = client.v1.setup_intents.create({"customer": customer} | CARD_ONLY)
    card = urlencode({"type": "card", "card[number]": CARDS[0].number, "card[exp_month]": 1, "card[exp_year]": 2040})
    status, headers, text = ask(emulator, "POST", "/v1/payment_methods", card)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    method = re.search(r"pm_\w+", text)
    assert method is not None
    fields = urlencode({"client_secret": intent.client_secret, "payment_method": method[0], "use_stripe_sdk": "true"})
    assert ask(emulator, "POST", f"/v1/setup_intents/{intent.id}/confirm", fields)[0] == 200
    assert [saved.id for saved in client.v1.payment_methods.list({"customer": customer}).data] == [method[0]]


def test_a_browser_needs_the_secret_of_the_intent(emulator: Emulator, client: Any) -> None:
    path = f"/v1/payment_intents/{(intent := pay(client, metadata={'inside': 'yes'})).id}"
    assert ask(emulator, "GET", path)[0] == 400
    assert ask(emulator, "GET", f"{path}?client_secret={intent.id}_secret_wrong")[0] == 400
    status, _, text = ask(emulator, "GET", f"{path}?client_secret={intent.client_secret}")
    assert (status, "inside" in text, "latest_charge" in text) == (200, False, False)


def test_a_preflight_is_answered(emulator: Emulator) -> None:
    status, headers, _ = ask(emulator, "OPTIONS", "/v1/payment_methods", headers={"Origin": "http://localhost"})
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Stripe-Account" in headers["Access-Control-Allow-Headers"]


def challenge_of(intent: Any) -> str:
    action = intent.next_action
    url = action.redirect_to_url.url if action.type == "redirect_to_url" else action.use_stripe_sdk["stripe_js"]
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(("outcome", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")])
def test_the_challenge_in_the_page_ends_without_leaving_it(
    emulator: Emulator, client: Any, outcome: str, status: str
) -> None:
    intent = pay(client, "pm_card_authenticationRequired", use_stripe_sdk=True, return_url="https://example.com/back")
    path = challenge_of(intent)
    _, headers, text = ask(emulator, "GET", path)
    assert not INLINE.search(text)
    assert "frame-ancestors *" in headers["Content-Security-Policy"]
    answered, _, text = ask(emulator, "POST", path, f"outcome={outcome}")
    assert (answered, "challenge_done.js" in text) == (200, True)
    assert client.v1.payment_intents.retrieve(intent.id).status == status


def test_the_challenge_on_a_page_of_its_own_leads_back(emulator: Emulator, client: Any) -> None:
    intent = pay(client, "pm_card_authenticationRequired", return_url="https://example.com/back?a=1")
    status, headers, _ = ask(emulator, "POST", challenge_of(intent), "outcome=complete")
    assert status == 303
    assert headers["Location"].startswith(f"https://example.com/back?a=1&payment_intent={intent.id}")
    assert headers["Location"].endswith("redirect_status=succeeded")


def test_a_challenge_needs_the_secret_and_is_answered_once(emulator: Emulator, client: Any) -> None:
    path = challenge_of(pay(client, "pm_card_authenticationRequired"))
    assert ask(emulator, "POST", path.partition("?")[0], "outcome=complete")[0] == 403
    assert ask(emulator, "POST", path, "outcome=complete")[0] == 200
    assert ask(emulator, "POST", path, "outcome=complete")[0] == 400
    assert len(emulator.charges()) == 1


def test_the_page_of_oauth_escapes_and_has_both_buttons(emulator: Emulator) -> None:
    query = urlencode({"client_id": "ca_emulator", "redirect_uri": "http://localhost/cb", "state": '"><script>'})
    status, _, text = ask(emulator, "GET", f"/oauth/authorize?{query}")
    assert (status, ">Approve<" in text, ">Deny<" in text) == (200, True, True)
    assert not INLINE.search(text)
