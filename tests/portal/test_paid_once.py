"""Add Balance sent twice, from two tabs, or without an answer: paid once."""

from playwright.sync_api import expect

from tests.portal.adding import add, assert_paid_once
from tests.portal.people import People
from tests.portal.site import Site


def test_a_double_click_pays_once(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance")
    page.get_by_label("$25.00", exact=True).check()
    page.get_by_role("button", name="Pay $25.00").dblclick()
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)


def test_two_sends_at_the_same_moment_pay_once(site: Site) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    account = site.account()
    visitor = site.enter(account)
    token = visitor.form_token()
    fields = {"attempt": "1", "amount": "25.00", "named": "25"}
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
    expect(page.get_by_text("Nothing was charged, and your balance hasn't changed.")).to_be_visible()
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
        expect(page.get_by_role("heading", name="This payment isn't confirmed yet")).to_be_visible()
        home = page.url.partition("/payments")[0]
        page.goto(home)
        expect(page.get_by_text("is being confirmed")).to_be_visible()
        expect(page.get_by_role("heading", name="A payment isn't confirmed yet")).to_be_visible()
        page.context.clear_cookies()
        page.goto(site.link(account))
        page.goto(home + "/add-balance")
        expect(page.get_by_role("heading", name="Check this payment first")).to_be_visible()
        expect(page.locator("form[data-once]")).to_have_count(0)
        site.clear_faults()
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    finally:
        site.clear_faults()
    assert_paid_once(site, account)
