"""Two tabs of one person: what a page says is what its button does, and what is sent twice happens once."""

import re

from chalicelib.auto_pay import table as auto_pays
from chalicelib.cards.choose_card import choose_card
from chalicelib.cards.table import get_payer
from chalicelib.portal.pages.auto_pay import FIELDS
from chalicelib.subscriptions import table as subscriptions
from tests.portal.site import Site, Visitor

AGENCY = {"attempt": "1", "plan": "agency", "expected_amount": "97.00"}
SETTINGS = {"threshold": "10", "amount": "25", "monthly_limit": "50"}


def hidden(page: str, *names: str) -> dict[str, str]:
    """Return the hidden fields of a page, those that it has of the names."""
    return dict(re.findall(rf'type="hidden" name="({"|".join(names)})" value="([^"]*)"', page))


def make_another_the_default(site: Site, account: str) -> None:
    """Save a Mastercard beside the Visa, and make it the default."""
    site.save_card(account, "pm_card_mastercard")
    payer = get_payer(account)
    (other,) = (each for each in payer.cards if each.brand == "mastercard")
    choose_card(payer, other.payment_method_id, "default")
    assert get_payer(account).card == other


def last_card(site: Site, account: str) -> str | None:
    """Return the brand of the card that the newest payment was made with."""
    return site.payments(account)[0].card_brand


def test_a_plan_is_not_charged_to_another_card_than_the_page_has_named(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    page = visitor.get("/plan/preview?plan=agency").text
    assert "Visa ending in 4242" in page
    sent = hidden(page, "attempt", "plan", "expected_amount", "card")
    assert set(sent) == {"attempt", "plan", "expected_amount", "card"}
    make_another_the_default(site, account)
    answer = visitor.post("/plan", sent)
    assert (answer.status_code, "/plan/preview?plan=agency" in answer.headers["location"]) == (303, True)
    assert site.payments(account) == []
    again = visitor.get("/plan/preview?plan=agency").text
    assert "Mastercard ending in 4444" in again
    visitor.post("/plan", hidden(again, *sent))
    assert (subscriptions.get(account).status, last_card(site, account)) == ("active", "mastercard")


def test_a_plan_that_was_sent_before_is_found_again_whatever_card_is_the_default_now(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    sent = hidden(visitor.get("/plan/preview?plan=agency").text, "attempt", "plan", "expected_amount", "card")
    first = visitor.post("/plan", sent).headers["location"]
    make_another_the_default(site, account)
    assert visitor.post("/plan", sent).headers["location"] == first
    assert len(site.charges(account)) == 1


def test_auto_pay_asks_again_before_it_charges_another_card_than_it_has_named(site: Site) -> None:
    account = site.account(balance="12")
    visitor = site.enter(account)
    settings = {"threshold": "20", "amount": "50", "monthly_limit": ""}
    agreed = hidden(visitor.post("/auto-pay", settings).text, "confirmed")
    make_another_the_default(site, account)
    asked = visitor.post("/auto-pay", {**settings, **agreed})
    assert (asked.status_code, "Mastercard ending in 4444" in asked.text) == (200, True)
    assert site.payments(account) == []
    assert visitor.post("/auto-pay", {**settings, **hidden(asked.text, "confirmed")}).status_code == 303


def test_two_tabs_of_add_balance_pay_once_whatever_form_was_sent_between_them(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    visitor.post("/plan", AGENCY)
    first = attempt_to_add(visitor)
    assert visitor.post("/plan", {"attempt": "2", "plan": "starter", "expected_amount": "0"}).status_code == 303
    second = attempt_to_add(visitor)
    assert second == first
    for attempt in (first, second):
        visitor.post("/add-balance", {"attempt": attempt, "amount": "25.00", "named": "25"})
    assert [each.kind for each in site.payments(account)].count("top_up") == 1
    assert attempt_to_add(visitor) == str(int(first) + 1)


def attempt_to_add(visitor: Visitor) -> str:
    """Open Add Balance, and return the number of its form."""
    return visitor.get("/add-balance").headers["location"].rpartition("=")[2]


def test_a_number_from_a_link_does_not_become_the_sessions(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    visitor.post("/add-balance", {"attempt": "99999", "amount": "25.00", "named": "25"})
    assert site.balance(account) == 25_000_000
    assert attempt_to_add(visitor) == "1"
    assert visitor.post("/plan", AGENCY).status_code == 303
    assert subscriptions.get(account).status == "active"


def test_a_stale_form_of_auto_pay_undoes_nothing_that_was_set_meanwhile(site: Site) -> None:
    account = site.account(balance="100")
    visitor = site.enter(account)
    assert visitor.post("/auto-pay", SETTINGS).status_code == 303
    stale = {**SETTINGS, **hidden(visitor.get("/auto-pay").text, "shown")}
    assert set(stale) == {*FIELDS, "shown"}
    visitor.post("/auto-pay", {"do": "off"})
    refused = visitor.post("/auto-pay", stale)
    assert refused.status_code == 409
    assert "Someone else changed auto-pay in the meantime." in refused.text
    assert not is_on(account)
    assert visitor.post("/auto-pay", {**SETTINGS, **hidden(refused.text, "shown")}).status_code == 303
    assert is_on(account)


def is_on(account: str) -> bool:
    """Tell whether auto-pay is on."""
    found = auto_pays.find(account)
    return found is not None and found.enabled


def test_a_form_that_was_sent_before_does_not_say_that_it_has_changed_something(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    visitor.post("/plan", AGENCY)
    later = {"attempt": "2", "plan": "starter", "expected_amount": "0"}
    assert done(visitor, "/plan", later) == "plan-later"
    assert done(visitor, "/plan", {"attempt": "3", "plan": "agency", "expected_amount": "0"}) == "plan-kept"
    assert done(visitor, "/plan", later) == "sent-before"
    visitor.post("/plan/cancel", {})
    assert done(visitor, "/plan/resume", {"attempt": "4"}) == "resumed"
    visitor.post("/plan/cancel", {})
    assert done(visitor, "/plan/resume", {"attempt": "4"}) == "sent-before"
    assert "You sent this form before." in visitor.get("/plan?done=sent-before").text


def done(visitor: Visitor, path: str, fields: dict[str, str]) -> str:
    """Send a form, and return what the next page confirms."""
    return visitor.post(path, fields).headers["location"].rpartition("done=")[2]


def test_nothing_is_charged_by_a_button_that_names_no_amount(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    visitor.post("/plan", AGENCY)
    assert visitor.post("/plan/pay", {"attempt": "2"}).status_code == 409
    assert len(site.charges(account)) == 1
