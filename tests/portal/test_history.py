"""History: grouped, opened, filtered, found, downloaded."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.idempotency import Key
from chalicelib.invoices.issue import issue_for
from chalicelib.ledger.post import post
from chalicelib.subscriptions.change import change
from chalicelib.subscriptions.request import SubscriptionRequest
from tests.build import credit, debit
from tests.portal.adding import pay
from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site, today

pytestmark = pytest.mark.browser


def subscribe(account: str) -> None:
    """Subscribe to the plan without add-ons, by the card on file."""
    request = SubscriptionRequest("starter", {})
    key = Key("subscribe", "customer")
    change(get_payer(account), request, key=key, actor="kim", catalog=catalog())


@pytest.fixture
def account(site: Site) -> str:
    """Return an account that has sent 248 messages yesterday and 3 e-mails the day before."""
    account = site.account(balance="100")
    site.use(account, today(1), number=248)
    site.use(account, today(2), meter="email", number=3)
    return account


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_usage_is_one_line_a_day_and_meter_and_opens_to_single_events(
    people: People, account: str, script: bool, width: int
) -> None:
    page = people.open(account, "/history", script=script, width=width)
    group = page.locator(".group").filter(has_text="SMS message")
    expect(group).to_contain_text("248 messages")
    expect(group.locator(".amount")).to_have_text("−$12.40")
    group.get_by_role("link", name="SMS message").click()
    rows = page.locator(".events tbody tr")
    expect(rows).to_have_count(50)
    cells = rows.first.locator("td")
    expect(cells.nth(0)).to_have_text(re.compile(r"12:04:07"))
    expect(cells.nth(2)).to_have_text("1 message")
    expect(cells.nth(3)).to_have_text("$0.05")
    expect(cells.nth(4)).to_have_text("$0.05")
    link = cells.nth(5).get_by_role("link")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("href", "https://app.example.com/messages/247")
    page.get_by_role("link", name="Older events").click()
    expect(rows.first.locator("td").nth(0)).to_have_text(re.compile(r"12:03:17"))
    page.locator(".group.open").get_by_role("link", name="SMS message").click()
    expect(page.locator(".events")).to_have_count(0)
    assert people.complaints == []


def test_a_charge_below_a_cent_is_never_nothing(people: People, account: str) -> None:
    page = people.open(account, "/history", script=False)
    expect(page.locator(".group").filter(has_text="Email").locator(".amount .exact")).to_have_text("−$0.01")


def test_filters_live_in_the_address(people: People, account: str) -> None:
    page = people.open(account, "/history", script=False)
    page.get_by_label("Usage").select_option("Email")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile("meter=email"))
    expect(page.locator(".entry")).to_have_count(1)
    page.get_by_label("Usage").select_option("All")
    page.get_by_label("Type").select_option("Credits")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".entry")).to_contain_text("Welcome credit")
    expect(page.locator(".entry")).to_have_count(1)
    page.get_by_label("Type").select_option("All")
    page.get_by_label("From").fill(today(2))
    page.get_by_label("To", exact=True).fill(today(2))
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile(f"from={today(2)}"))
    expect(page.locator(".entry")).to_have_count(1)
    shared = people.open(account, page.url.partition(account)[2])
    expect(shared.locator(".entry")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    expect(page).to_have_url(re.compile(r"/history$"))
    expect(page.locator(".entry")).to_have_count(3)
    page.goto(page.url + "?from=2020-01-01&to=2020-01-05")
    expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()
    page.goto(page.url.partition("?")[0] + "?from=yesterday")
    expect(page.get_by_text("Something in the address or the form isn")).to_be_visible()


def test_why_so_many_tiny_charges_is_answered_where_it_is_asked(people: People, account: str) -> None:
    page = people.open(account, "/history")
    page.get_by_text("Why am I seeing many tiny charges?").click()
    expect(page.get_by_text("They're usage debits from your balance, not charges to your card")).to_be_visible()


def test_a_debit_by_hand_and_a_credit_stand_singly_with_who_did_it(people: People, site: Site, account: str) -> None:
    from chalicelib.accounts import table as accounts  # noqa: PLC0415
    from chalicelib.history.adjust import AdjustmentRequest, adjust  # noqa: PLC0415
    from chalicelib.idempotency import Key  # noqa: PLC0415
    from chalicelib.text import Line  # noqa: PLC0415

    request = AdjustmentRequest("debit", "1.50", Line("Setup fee"))
    adjust(accounts.get(account), request, key=Key("fee", "operator"), actor="pat@platform.example")
    page = people.open(account, "/history?type=debit", script=False)
    entry = page.locator(".entry").filter(has_text="Setup fee")
    expect(entry).to_contain_text("pat@platform.example")
    expect(entry.locator(".amount")).to_have_text("−$1.50")
    expect(page.get_by_text("Welcome credit")).to_have_count(0)


def test_it_is_found_by_the_id_of_its_event(people: People, account: str) -> None:
    page = people.open(account, "/history", script=False)
    page.get_by_label("Search").fill(f"email-{today(2)}-1")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text(f"email-{today(2)}-1")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage")
    expect(page.get_by_text("Balance afterwards")).to_be_visible()
    page.goto(page.url.partition("/transactions")[0] + "/history/search?q=no-such-event")
    expect(page.get_by_role("status")).to_contain_text("Nothing found for “no-such-event”")


def test_a_payment_is_found_by_any_of_its_ids(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False)
    pay(page, "$50.00")
    expect(page.get_by_role("heading", name="$50.00 added")).to_be_visible()
    (payment,) = site.payments(account)
    home = page.url.partition("/payments")[0]
    for wanted in (payment.payment_id, payment.payment_intent_id, payment.charge_id):
        page.goto(f"{home}/history/search?q={wanted}")
        expect(page.get_by_role("heading", name="$50.00 added")).to_be_visible()
    page.goto(f"{home}/history?type=credit")
    expect(page.locator(".entry").get_by_role("link", name="Download Invoice")).to_be_visible()


def test_the_csv_holds_exactly_what_is_filtered(people: People, account: str) -> None:
    page = people.open(account, f"/history?meter=sms&from={today(1)}&to={today(1)}")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download CSV").click()
    file = waiting.value.path().read_bytes()
    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    assert file.startswith(b'\xef\xbb\xbf"Transaction","Type"')
    assert len(rows) == 248
    assert {row["Meter"] for row in rows} == {"sms"}
    plain = people.open(account, f"/history?meter=sms&from={today(1)}&to={today(1)}", script=False)
    plain.get_by_role("link", name="Download CSV").click()
    with plain.expect_download() as waiting:
        plain.locator(".files a").click()
    assert waiting.value.path().read_bytes() == file


def test_the_csv_is_for_the_persons_own_spreadsheet(people: People, account: str) -> None:
    page = people.open(account, f"/history?meter=sms&from={today(1)}&to={today(1)}", locale="de-DE")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV herunterladen").click()
    text = waiting.value.path().read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert {(row["Zähler"], row["Menge"], row["Betrag"]) for row in rows} == {("sms", "1", "0,05")}


def test_the_csv_of_all_beyond_usages_too(site: Site, account: str) -> None:
    answer = site.enter(account).get("/history/csv?file=1")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 252
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_what_is_long_ago_is_there_at_once_and_nothing_before_the_first_day_is_offered(
    people: People, site: Site
) -> None:
    account = site.account()
    site.use(account, today(40))
    page = people.open(account, f"/history?from={today(60)}", script=False)
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_count(0)
    page.goto(page.url.partition("?")[0] + "?type=credit")
    expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_count(0)


def test_more_than_a_batch_of_single_transactions_is_read_page_by_page_none_left_out(
    people: People, site: Site
) -> None:
    account = site.account()
    at_ms = now_ms() - 60_000
    post([credit(number, account, occurred_at_ms=at_ms, event_id=f"c-{number}") for number in range(120)])
    page = people.open(account, "/history", script=False)
    seen: list[str] = []
    for left in (50, 50, 20):
        expect(page.locator(".entry")).to_have_count(left)
        seen += [str(each.get_attribute("href")) for each in page.locator(".entry .what a").all()]
        if left == 50:
            page.get_by_role("link", name="Older").click()
    assert len(set(seen)) == 120
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".entry")).to_have_count(50)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_payment_of_the_subscription_is_a_row_of_its_own_that_does_not_touch_the_balance(
    people: People, site: Site, width: int
) -> None:
    account = site.account(balance="40")
    site.use(account, today())
    subscribe(account)
    page = people.open(account, "/history", script=False, width=width)
    entry = page.locator(".by-card")
    expect(entry).to_contain_text("Paid by card — not from your balance")
    expect(entry).to_contain_text("Paid")
    expect(entry.locator(".amount")).to_have_text("$49.00")
    expect(page.locator(".entry.debit .amount")).to_have_text("−$0.15")
    expect(entry.get_by_role("link", name="Download Invoice")).to_have_attribute("target", "_blank")
    entry.get_by_role("link", name="Subscription").click()
    expect(page).to_have_url(re.compile("/payments/pay_"))
    page.goto(page.url.partition("/payments")[0] + "/history?type=subscription")
    expect(page.locator(".entry")).to_have_count(1)
    for kind, number in (("credit", 1), ("debit", 1)):
        page.goto(page.url.partition("?")[0] + f"?type={kind}")
        expect(page.locator(".entry")).to_have_count(number)
        expect(page.locator(".by-card")).to_have_count(0)
    rows = list(csv.DictReader(io.StringIO(site.enter(account).get("/history/csv?file=1").text)))
    assert sorted(row["Type"] for row in rows) == ["card", "credit", "debit", "debit", "debit"]
    (card,) = [row for row in rows if row["Type"] == "card"]
    assert (card["Kind"], card["Balance afterwards"], card["Line: amount"]) == ("subscription", "", "")
    assert not [row["Done by"] for row in rows if row["Done by"].startswith(("owner:", "operator"))]
    assert people.complaints == []


def test_from_after_to_is_explained_beside_the_fields(people: People, account: str) -> None:
    page = people.open(account, f"/history?from={today(1)}&to={today(2)}", script=False)
    expect(page.get_by_role("alert")).to_contain_text("“To” is before “From”")
    expect(page.get_by_label("To", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".entry")).to_have_count(0)


def test_days_with_many_kinds_of_usage_are_folded_except_the_newest(people: People, site: Site, account: str) -> None:
    for meter in ("email", "voice_minute"):
        site.use(account, today(1), today(3), meter=meter)
    page = people.open(account, "/history", script=False)
    days = page.locator(".all-usage details")
    expect(days).to_have_count(2)
    expect(page.get_by_role("link", name="Voice call").filter(visible=True)).to_have_count(1)
    days.nth(1).locator("summary").click()
    expect(page.get_by_role("link", name="Voice call").filter(visible=True)).to_have_count(2)
    days.nth(1).get_by_role("link", name="Voice call").click()
    expect(page.locator(".events tbody tr")).to_have_count(3)
    expect(days.nth(0)).not_to_have_attribute("open", re.compile(""))


def test_it_is_found_by_phone_number_words_and_the_number_of_an_invoice(people: People, site: Site) -> None:
    account = site.account()
    made = [debit(n, account, occurred_at_ms=now_ms() - n, description=f"SMS to +1 555 010{n}") for n in range(1, 4)]
    post(made)
    page = people.open(account, "/history", script=False)
    page.get_by_label("Search").fill("(555) 0102")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator(".entry")).to_contain_text("SMS to +1 555 0102")
    page.get_by_label("Search").fill("sms to")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".entry")).to_have_count(3)
    subscribe(account)
    (paid,) = site.payments(account)
    number = issue_for(account, paid.payment_id, catalog()).number
    page.get_by_label("Search").fill(number.lower())
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(f"/payments/{paid.payment_id}"))
