"""Add Balance: paid once, whatever people and browsers do."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.portal.people import NARROW, WIDE, People, type_card
from tests.portal.site import Site

pytestmark = pytest.mark.browser
USD = 1_000_000
OTHERS = ("10/20", "2x50", "25€ (VAT 5)", "1O0", "1e2", "25 GBP", "€25", "--5", "+5", "1,00", "10.5.5")
"""Texts that are no amount of dollars, though there are digits in them."""


def add(page: Page, amount: str = "$25.00") -> None:
    page.get_by_label(amount, exact=True).check()
    page.get_by_role("button", name="Add balance now").click()


def assert_paid_once(site: Site, account: str, usd: int = 25) -> None:
    assert len(site.charges(account)) == 1
    assert [payment.state for payment in site.payments(account)] == ["succeeded"]
    assert site.balance(account) == usd * USD


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_shortcut_and_the_saved_card_give_a_receipt_with_the_new_balance(
    people: People, site: Site, script: bool, width: int
) -> None:
    account = site.account()
    page = people.open(account, script=script, width=width)
    page.get_by_role("link", name="Add Balance").first.click()
    add(page)
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    expect(page.get_by_text("Your balance is now $25.00")).to_be_visible()
    expect(page.get_by_role("link", name="Download Invoice")).to_be_visible()
    assert_paid_once(site, account)
    page.reload()
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)
    page.get_by_role("link", name="Done").click()
    expect(page.locator(".balance")).to_have_text("$25.00")
    assert people.complaints == []


def test_a_free_amount_is_read_as_it_is_written_here(people: People, site: Site) -> None:
    account = site.account(currency="eur")
    page = people.open(account, "/add-balance", locale="de-DE", script=False)
    page.get_by_label("Anderer Betrag").check()
    page.get_by_label("Betrag in EUR").fill("1.234,50")
    page.get_by_role("button", name="Jetzt aufladen").click()
    expect(
        page.get_by_text(re.compile(r"Sie haben 1\.234,50 eingegeben, wir buchen 1\.234,50\s€ ab\."))
    ).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name="abbuchen").click()
    expect(page.get_by_role("heading", name=re.compile(r"1\.234,50\s€ aufgeladen"))).to_be_visible()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("3", "Please choose an amount from $10.00 to $5,000.00."),
        ("9000", "Please choose an amount from $10.00 to $5,000.00."),
        ("abc", "Please type an amount such as"),
        ("", "Please type an amount such as 25.50."),
        ("20.005", "Amounts in USD have at most 2 decimals. Please type an amount such as 25.50."),
        ("1.000", "Amounts in USD have at most 2 decimals."),
        *((typed, "Please type an amount such as 25.50.") for typed in OTHERS),
    ],
)
def test_an_amount_that_does_not_work_is_told_beside_its_field(
    people: People, site: Site, typed: str, told: str
) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False)
    page.get_by_label("Another amount").check()
    page.get_by_label("Amount in USD").fill(typed)
    page.get_by_role("button", name="Add balance now").click()
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.locator("#other-error")).to_contain_text(told)
    expect(page.get_by_label("Another amount")).to_be_checked()
    expect(page.get_by_label("Amount in USD")).to_have_value(typed)
    assert site.payments(account) == []


def test_yen_with_decimals_is_told_as_that(people: People, site: Site) -> None:
    page = type_amount(people, site.account(currency="jpy"), "5000.5", "JPY")
    expect(page.locator("#other-error")).to_have_text(
        "Amounts in JPY have no decimals. Please type an amount such as 2500."
    )


def type_amount(people: People, account: str, typed: str, currency: str = "USD", *, script: bool = False) -> Page:
    page = people.open(account, "/add-balance", script=script)
    page.get_by_label("Another amount").check()
    page.get_by_label(f"Amount in {currency}").fill(typed)
    page.get_by_role("button", name="Add balance now").click()
    return page


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(
    ("typed", "charged"), [("$25", "$25.00"), ("1,000", "$1,000.00"), ("usd 25", "$25.00"), ("251", "$251.00")]
)
def test_what_was_read_otherwise_than_typed_or_is_large_is_shown_and_asked_once(
    people: People, site: Site, typed: str, charged: str, script: bool
) -> None:
    account = site.account()
    page = type_amount(people, account, typed, script=script)
    expect(page.get_by_text(f"You typed {typed}, we will charge {charged}.")).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name=f"Charge {charged}").dblclick()
    expect(page.get_by_role("heading", name=f"{charged} added")).to_be_visible()
    page.go_back()  # the question's address stands for its payment now, as the form's does
    expect(page.get_by_role("heading", name=f"{charged} added")).to_be_visible()
    assert_paid_once(site, account, int(charged[1:-3].replace(",", "")))


def test_going_back_from_the_question_charges_nothing_and_keeps_the_amount(people: People, site: Site) -> None:
    account = site.account()
    page = type_amount(people, account, "1,000")
    page.get_by_role("link", name="Go back").click()
    expect(page.get_by_label("Another amount")).to_be_checked()
    expect(page.get_by_label("Amount in USD")).to_have_value("1000")
    assert site.payments(account) == []


def test_a_question_that_is_answered_twice_or_with_another_amount_charges_once(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    token, asked = visitor.form_token(), {"attempt": "1", "amount": "other", "other": "1,000"}
    for confirmed in ({}, {"confirmed": "1000"}, {"confirmed": "25000000"}):
        answer = visitor.post("/add-balance", {**asked, **confirmed}, token)
        assert answer.status_code == 303
        assert "ask=1" in answer.headers["Location"]
    assert site.payments(account) == []
    agreed = {**asked, "confirmed": "1000000000"}
    other = {**agreed, "other": "2,000", "confirmed": "2000000000"}
    answers = [visitor.post("/add-balance", form, token) for form in (agreed, agreed, other)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"].partition("?")[0] for answer in answers}) == 1
    again = visitor.post("/add-balance", asked, token).headers["Location"]
    assert "/payments/" in visitor.get("/add-balance" + again.partition("/add-balance")[2]).headers["Location"]
    assert_paid_once(site, account, 1000)


def test_a_shortcut_beside_a_typed_amount_is_asked_about(people: People, site: Site) -> None:
    account = site.account()
    page = type_amount(people, account, "1O0")
    # Browsers without `:has` show the field beside every shortcut, and without script the typing chooses nothing.
    page.get_by_label("Amount in USD").fill("30")
    page.get_by_label("$50.00", exact=True).check()
    page.get_by_role("button", name="Add balance now").click()
    expect(page.get_by_text("You chose $50.00, and typed 30 beside it. We will charge $50.00.")).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name="Charge $50.00").click()
    expect(page.get_by_role("heading", name="$50.00 added")).to_be_visible()
    assert_paid_once(site, account, 50)


def test_only_a_shortcut_can_be_chosen(site: Site) -> None:
    account = site.account()
    answer = site.enter(account).post("/add-balance", {"attempt": "1", "amount": "10/20"})
    assert answer.status_code == 422
    assert "Please type an amount such as 25.50." in answer.text
    assert site.payments(account) == []


def test_a_double_click_pays_once(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance")
    page.get_by_label("$25.00", exact=True).check()
    page.get_by_role("button", name="Add balance now").dblclick()
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)


def test_two_sends_at_the_same_moment_pay_once(site: Site) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    account = site.account()
    visitor = site.enter(account)
    token = visitor.form_token()
    fields = {"attempt": "1", "amount": "25.00", "card": "saved"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: visitor.post("/add-balance", fields, token), range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"].partition("?")[0] for answer in answers}) == 1
    assert_paid_once(site, account)


def test_going_back_and_sending_again_pays_once(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance")
    add(page)
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    page.go_back()
    # The form's address stands for its payment now: it shows the receipt, and there is nothing to send again.
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)
    page.get_by_role("link", name="Add more").click()
    add(page, "$50.00")
    expect(page.get_by_text("Your balance is now $75.00")).to_be_visible()


def test_two_open_tabs_pay_once(people: People, site: Site) -> None:
    account = site.account()
    first = people.open(account, "/add-balance")
    second = first.context.new_page()
    second.goto(first.url.partition("/add-balance")[0] + "/add-balance")
    add(first)
    expect(first.get_by_role("heading", name="$25.00 added")).to_be_visible()
    add(second)
    expect(second.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)


def test_another_amount_in_a_second_tab_is_not_charged_but_explained(people: People, site: Site) -> None:
    account = site.account()
    first = people.open(account, "/add-balance", script=False)
    second = first.context.new_page()
    second.goto(first.url)
    add(first)
    expect(first.get_by_role("heading", name="$25.00 added")).to_be_visible()
    add(second, "$100.00")
    expect(second.get_by_role("status")).to_contain_text("Nothing more was charged")
    assert_paid_once(site, account)


def test_a_declined_card_says_so_and_the_next_try_is_another_payment(people: People, site: Site) -> None:
    account = site.account(method="pm_card_chargeCustomerFail")
    page = people.open(account, "/add-balance", script=False)
    add(page)
    expect(page.get_by_role("heading", name="Your card was declined")).to_be_visible()
    expect(page.get_by_text("Nothing was charged, and your balance is unchanged.")).to_be_visible()
    site.save_card(account, "pm_card_visa")
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_label("$25.00", exact=True)).to_be_checked()
    add(page)
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert len(site.charges(account)) == 1


def test_an_answer_that_was_lost_is_checked_not_paid_again(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False)
    site.fault("webhook_drop", event="*", times=0)
    site.fault("cut_after_effect", method="POST", path="/v1/payment_intents", times=2)
    site.fault("status", method="GET", path="/v1/payment_intents", status=500, times=2)
    try:
        add(page)
        expect(page.get_by_role("heading", name="This payment is not confirmed yet")).to_be_visible()
        home = page.url.partition("/payments")[0]
        page.goto(home)
        expect(page.get_by_text("is being confirmed")).to_be_visible()
        expect(page.get_by_role("heading", name="A payment is not confirmed yet")).to_be_visible()
        page.context.clear_cookies()
        page.goto(site.link(account))
        page.goto(home + "/add-balance")
        expect(page.get_by_role("heading", name="Check this payment first")).to_be_visible()
        expect(page.get_by_role("button", name="Add balance now")).to_have_count(0)
        site.clear_faults()
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    finally:
        site.clear_faults()
    assert_paid_once(site, account)


def test_the_bank_asks_in_the_page_and_the_payment_goes_on(people: People, site: Site) -> None:
    account = site.account(method="pm_card_authenticationRequired")
    page = people.open(account, "/add-balance")
    add(page)
    expect(page.get_by_role("heading", name="Your bank wants to see that it is you")).to_be_visible()
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)
    assert people.complaints == []


def test_a_verification_that_fails_is_told_and_charges_nothing(people: People, site: Site) -> None:
    account = site.account(method="pm_card_authenticationRequired")
    page = people.open(account, "/add-balance")
    add(page)
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("heading", name="Your card was declined")).to_be_visible()
    assert site.charges(account) == []


def test_without_script_the_way_through_the_bank_is_clear(people: People, site: Site) -> None:
    account = site.account(method="pm_card_authenticationRequired")
    page = people.open(account, "/add-balance", script=False)
    add(page)
    expect(page.get_by_text("needs JavaScript")).to_be_visible()
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("status")).to_contain_text("There is no news yet")
    page.goto(page.url.partition("/payments")[0])
    expect(page.get_by_role("heading", name="Verification needed")).to_be_visible()
    expect(page.get_by_role("link", name="Verify payment")).to_be_visible()


def test_another_card_is_saved_in_the_page_and_the_amount_is_kept(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/add-balance")
    page.get_by_label("$100.00", exact=True).check()
    page.get_by_role("button", name="Go on to the card").click()
    type_card(page)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status")).to_contain_text("Your card is saved. Nothing was charged yet.")
    expect(page.get_by_label("$100.00", exact=True)).to_be_checked()
    expect(page.get_by_label("Visa ending in 4242")).to_be_checked()
    page.get_by_role("button", name="Add balance now").click()
    expect(page.get_by_text("Your balance is now $100.00")).to_be_visible()
    assert people.complaints == []


def test_a_card_typed_before_its_fields_listen_is_not_lost(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/card_frame.js", hold)
    with page.expect_request("**/card_frame.js"):
        page.goto(page.url + "/card")
    type_card(page)
    (script,) = held
    script.continue_()
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    assert people.complaints == []


def test_with_the_keyboard_alone(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account)

    def press_until(name: str, key: str = "Tab") -> None:
        for _ in range(40):
            page.keyboard.press(key)
            focused = page.evaluate(
                "() => (document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent).trim()"
            )
            if focused == name:
                return
        raise AssertionError(f"{name} cannot be reached")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    press_until("Add Balance")
    page.keyboard.press("Enter")
    page.wait_for_url("**/add-balance**")
    press_until("$50.00")
    press_until("Another amount", "ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("42")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press_until("Add balance now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="$42.00 added")).to_be_visible()
    assert_paid_once(site, account, 42)
