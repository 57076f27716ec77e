"""Stripe.js in a browser: with `stripeAccount` it works on that account, from the card fields to the challenge."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from tests.browser import launched
from tests.stripe_emulator.conftest import CARD_ONLY

pytestmark = pytest.mark.browser

START = """([key, account]) => {
  window.stripe = Stripe(key, account ? { stripeAccount: account } : {});
  window.card = stripe.elements().create("card");
  document.body.innerHTML = '<div id="card"></div>';
  card.mount("#card");
}"""
SAVE = """async (secret) => {
  const answer = await stripe.confirmCardSetup(secret, { payment_method: { card } });
  return answer.error ? answer.error.code : answer.setupIntent.status;
}"""


@pytest.fixture(scope="module")
def page(processes: None) -> Iterator[Page]:
    with launched() as browser:
        yield browser.new_page()


def type_card(page: Page, emulator: Emulator, account: str | None, number: str) -> None:
    page.goto(f"{emulator.url}/nothing")
    page.add_script_tag(url=f"{emulator.url}/endive/stripe.js")
    page.evaluate(START, [PUBLISHABLE_KEY, account])
    fields = page.frame_locator("iframe")
    for label, text in (("Card number", number), ("Expiration date", "12 / 40"), ("Security code", "123")):
        fields.get_by_label(label).fill(text)


@pytest.mark.parametrize("number", ["4242424242424242", "4000002760003184"], ids=["plain", "challenge"])
def test_a_card_is_saved_on_the_account_that_the_page_names(emulator: Emulator, page: Page, number: str) -> None:
    account = emulator.connect_account()["id"]
    theirs: Any = emulator.stripe_client(stripe_account=account)
    customer = theirs.v1.customers.create().id
    intent = theirs.v1.setup_intents.create({"customer": customer} | CARD_ONLY)
    type_card(page, emulator, account, number)
    page.evaluate(f"(secret) => {{ window.saved = ({SAVE})(secret); }}", intent.client_secret)
    if number.endswith("3184"):
        page.frame_locator("iframe[title='3-D Secure authentication']").get_by_text("Complete").click()
    assert page.evaluate("() => window.saved") == "succeeded"
    assert [card.card.last4 for card in theirs.v1.customers.payment_methods.list(customer).data] == [number[-4:]]
    assert {method["account"] for method in emulator.objects("payment_method")} == {account}


@pytest.mark.parametrize("other", [None, "acct_Other"], ids=["the platform", "another account"])
def test_an_intent_of_an_account_is_nowhere_else(emulator: Emulator, page: Page, other: str | None) -> None:
    account = emulator.connect_account()["id"]
    if other:
        emulator.connect_account(id=other)
    intent = emulator.stripe_client(stripe_account=account).v1.setup_intents.create()
    type_card(page, emulator, other, "4242424242424242")
    assert page.evaluate(SAVE, intent.client_secret) == "resource_missing"
