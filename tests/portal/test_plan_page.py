"""The page of the plan: what it offers, how a change is reviewed, taken back, and told when it takes effect."""

import re

from msgspec.structs import replace
from playwright.sync_api import expect

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import day_of, now_ms
from chalicelib.dates import DAY_MS
from chalicelib.payments import table as payments
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.dunning import CARD_DISPUTED
from tests.portal.axe import assert_accessible
from tests.portal.people import NARROW, People
from tests.portal.site import Site, Visitor


def subscribed(site: Site, plan: str = "agency", **add_ons: str) -> tuple[str, Visitor]:
    """Return an account with a subscription, and its owner."""
    account = site.account()
    visitor = site.enter(account)
    visitor.post("/plan", {"attempt": "1", "plan": plan, **{f"add_on_{name}": each for name, each in add_ons.items()}})
    return account, visitor


def test_a_scheduled_change_is_one_sentence_and_can_be_taken_back(people: People, site: Site) -> None:
    account, _ = subscribed(site, phone_number="2")
    page = people.open(account, "/plan/preview?plan=starter&add_on_phone_number=2", width=NARROW)
    expect(page.get_by_role("heading", name="Due today: $0.00")).to_be_visible()
    page.get_by_role("button", name="Confirm change").click()
    expect(page.get_by_role("status")).to_have_text("Your change is scheduled.")
    expect(page.get_by_text(re.compile(r"^On .*, this changes to Starter, 2 × Phone number\.$"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert_accessible(page)
    page.get_by_role("button", name="Keep current plan").click()
    expect(page.get_by_role("status")).to_have_text("You're keeping your current plan.")
    expect(page.get_by_text("this changes to")).to_have_count(0)
    assert subscriptions.get(account).scheduled is None
    # A second change without a charge is made as well, by the next attempt.
    page.get_by_label("Phone number").fill("1")
    page.get_by_role("button", name="Review change").click()
    page.get_by_role("button", name="Confirm change").click()
    expect(page.get_by_text(re.compile(r"this changes to Agency, 1 × Phone number\.$"))).to_be_visible()
    assert len(site.charges(account)) == 1


def test_keeping_the_plan_never_charges_if_it_has_changed_meanwhile(site: Site) -> None:
    account, visitor = subscribed(site)
    kept = {"attempt": "2", "plan": "agency", "add_on_phone_number": "5", "expected_amount": "0"}
    answer = visitor.post("/plan", kept)
    assert answer.status_code == 409
    assert "The price has changed since you looked." in answer.text
    assert len(site.charges(account)) == 1


def test_a_canceled_subscription_says_one_thing(people: People, site: Site) -> None:
    account, visitor = subscribed(site)
    visitor.post("/plan", {"attempt": "2", "plan": "starter"})
    page = people.open(account, "/plan", script=False)
    page.get_by_text("Cancel the subscription").first.click()
    expect(page.get_by_text("The change scheduled for that day is dropped.")).to_be_visible()
    page.get_by_label("Why are you canceling?").select_option(label="It's too expensive")
    page.get_by_label("Anything you'd like to add?").fill("We send little.")
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(
        page.get_by_text(re.compile(r"^Canceled\. You keep it until .* and won't be charged again\.$"))
    ).to_be_visible()
    expect(page.locator("h2 .badge")).to_have_text(["Canceled"])
    expect(page.get_by_text("this changes to")).to_have_count(0)
    found = subscriptions.get(account)
    assert found.scheduled is None
    assert found.cancellation is not None
    assert (found.cancellation.reason, found.cancellation.comment) == ("too_expensive", "We send little.")
    page.goto(page.url.split("?")[0] + "/preview?plan=starter")
    expect(page.get_by_text("This also takes back your cancellation")).to_be_visible()


def test_a_comment_that_cannot_be_kept_is_told_beside_it_and_no_reason_is_needed(site: Site) -> None:
    account, visitor = subscribed(site)
    for wrong, told in (("x" * 201, "This is too long"), ("a\u202eb", "an invisible character")):
        answer = visitor.post("/plan/cancel", {"reason": "unused", "comment": wrong})
        assert answer.status_code == 422
        assert re.search(rf'id="comment-error"[^>]*>[^<]*{told}', answer.text)
        assert '<option value="unused" selected>' in answer.text
    assert visitor.post("/plan/cancel", {"reason": "bored"}).status_code == 422
    assert subscriptions.get(account).cancel_at_period_end is False
    assert visitor.post("/plan/cancel", {}).status_code == 303
    assert subscriptions.get(account).cancellation is None


def test_a_number_of_an_add_on_is_refused_beside_it_and_the_choice_is_kept(site: Site) -> None:
    account = site.account()
    for typed, told in (("10001", "Enter a whole number up to 10,000."), ("1.5", "Enter a whole number up to 10,000.")):
        answer = site.enter(account).get(f"/plan/preview?plan=agency&add_on_phone_number={typed}")
        assert answer.status_code == 422
        assert re.search(rf'id="add_on_phone_number-error">{told}<', answer.text)
        assert f'value="{typed}"' in answer.text
    assert "up to 10,000" in site.enter(account).get("/plan").text
    assert subscriptions.find(account) is None


def test_what_one_has_already_is_not_offered_to_be_confirmed(people: People, site: Site) -> None:
    account, _ = subscribed(site)
    page = people.open(account, "/plan/preview?plan=agency", script=False)
    expect(page.get_by_text("This is what you have now, so nothing changes.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)


def test_a_form_that_was_sent_with_something_else_says_so(site: Site) -> None:
    _, visitor = subscribed(site)
    answer = visitor.post("/plan", {"attempt": "1", "plan": "starter"})
    assert answer.status_code == 409
    assert "This form was already sent with different values" in answer.text


def begin_pause(account: str) -> None:
    """Let the paid period be over, and the pause begin, 40 days early."""
    found = subscriptions.get(account)
    earlier = 40 * DAY_MS
    terms = replace(found.terms, period_end_ms=found.terms.period_end_ms - earlier)
    over = replace(found, terms=terms, due_at_ms=terms.period_end_ms, version=found.version + 1)
    assert subscriptions.write(over, over=found)
    begun = advance_subscription(account, catalog())
    assert begun is not None
    assert begun.status == "paused"


def test_a_pause_says_what_it_means_is_taken_back_and_resumed_with_the_amount(people: People, site: Site) -> None:
    account, visitor = subscribed(site, phone_number="2")
    page = people.open(account, "/plan", width=NARROW)
    expect(page.locator(".option", has_text="Current plan")).to_contain_text("Agency")
    expect(page.get_by_text("$99.30 a month")).to_be_visible()
    page.get_by_text("Pause the subscription").first.click()
    expect(page.get_by_text("we charge $99.30 for the next period")).to_be_visible()
    until = day_of(subscriptions.get(account).terms.period_end_ms + 60 * DAY_MS)
    page.get_by_label("Paused until").fill(until)
    page.get_by_label("Why are you pausing?").fill("Closed in winter")
    page.get_by_role("button", name="Pause the subscription").click()
    expect(page.get_by_role("status")).to_have_text("Your pause is scheduled.")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    page.get_by_role("button", name="Don't pause").click()
    expect(page.get_by_role("status")).to_have_text("Your subscription will continue.")
    assert subscriptions.get(account).pause is None
    assert visitor.post("/plan/pause", {"pause_until": until}).status_code == 303
    begin_pause(account)
    page.reload()
    expect(page.locator(".badge").first).to_have_text("Paused")
    assert_accessible(page)
    page.get_by_role("button", name="Resume now and pay $99.30").click()
    expect(page.get_by_text("$99.30").first).to_be_visible()
    assert (subscriptions.get(account).status, len(site.charges(account))) == ("active", 2)


def test_a_button_that_takes_a_pause_back_never_charges_if_the_pause_has_begun_meanwhile(site: Site) -> None:
    account, visitor = subscribed(site)
    until = day_of(subscriptions.get(account).terms.period_end_ms + 60 * DAY_MS)
    visitor.post("/plan/pause", {"pause_until": until})
    begin_pause(account)
    for stale in ({}, {"expected_amount": "98.00"}):
        answer = visitor.post("/plan/resume", {"attempt": "2", **stale})
        assert answer.status_code == 409
        assert "The price has changed since you looked." in answer.text
    assert (subscriptions.get(account).status, len(site.charges(account))) == ("paused", 1)


def owing(site: Site) -> tuple[str, Visitor]:
    """Return an account that owes a period, whose card is disputed and so not charged again by itself."""
    account, visitor = subscribed(site)
    (payment,) = site.payments(account)
    payments.change(payment, lambda each: replace(each, dispute_status="needs_response", objected_at_ms=now_ms()))
    found = subscriptions.get(account)
    owed = {"status": "past_due", "past_due_since_ms": now_ms(), "due_at_ms": now_ms() + 3 * DAY_MS}
    assert subscriptions.write(replace(found, **owed, failure=CARD_DISPUTED, version=found.version + 1), over=found)
    return account, visitor


def test_a_period_owed_because_its_card_is_disputed_says_so_and_promises_no_charge(people: People, site: Site) -> None:
    account, _ = owing(site)
    page = people.open(account, "/plan", script=False)
    expect(
        page.get_by_text("A payment with this card is disputed, so we don't charge it automatically.")
    ).to_be_visible()
    expect(page.get_by_text("We'll try your card again")).to_have_count(0)
    page.get_by_role("button", name="Pay $97.00 now").click()
    expect(page.get_by_role("heading", name="$97.00 paid")).to_be_visible()


def test_what_is_owed_is_paid_for_what_the_button_said_or_not_at_all(site: Site) -> None:
    account, visitor = owing(site)
    assert '<input type="hidden" name="expected_amount" value="97.00">' in visitor.get("/plan").text
    stale = visitor.post("/plan/pay", {"attempt": "2", "expected_amount": "96.00"})
    assert (stale.status_code, "The price has changed since you looked." in stale.text) == (409, True)
    assert len(site.charges(account)) == 1
    assert visitor.post("/plan/pay", {"attempt": "2", "expected_amount": "97.00"}).status_code == 303
    assert (subscriptions.get(account).status, len(site.charges(account))) == ("active", 2)


def test_one_that_is_canceled_while_its_resumption_waits_for_the_bank_is_not_said_to_be_kept_until_a_past_day(
    site: Site,
) -> None:
    account, visitor = subscribed(site)
    visitor.post("/plan/pause", {"pause_until": day_of(subscriptions.get(account).terms.period_end_ms + 60 * DAY_MS)})
    begin_pause(account)
    site.save_card(account, "pm_card_authenticationRequired")
    visitor.post("/plan/resume", {"attempt": "2", "expected_amount": "97.00"})
    told = "If your payment goes through, you keep it for the period it pays for. If not, it ends right away."
    assert told in visitor.get("/plan").text
    visitor.post("/plan/cancel", {})
    for path in ("/plan", ""):
        page = visitor.get(path).text
        assert told in page
        assert "Canceled. " not in page
    found = subscriptions.get(account)
    assert (found.status, found.cancel_at_period_end) == ("paused", True)
    assert found.canceled_end_ms > now_ms()


def test_a_day_until_which_it_cannot_be_paused_is_told_beside_it(site: Site) -> None:
    account, visitor = subscribed(site)
    for wrong, told in (("", "Enter a date."), ("soon", "Enter a date."), ("2020-01-01", "Choose a day from ")):
        answer = visitor.post("/plan/pause", {"pause_until": wrong, "pause_reason": "Closed"})
        assert answer.status_code in {409, 422}
        assert f'id="pause_until-error">{told}' in answer.text
        assert 'value="Closed"' in answer.text
    assert subscriptions.get(account).pause is None
    _, starter = subscribed(site, plan="starter")
    assert "Pause the subscription" not in starter.get("/plan").text
