"""The other pages as journeys: overview, card, auto-pay, invoices, details, plan, and the colours of a workspace."""

import base64
import re
from io import BytesIO

import pytest
import requests
from PIL import Image
from playwright.sync_api import expect

from chalicelib.accounts import table as accounts
from chalicelib.catalog.seller import Color
from chalicelib.clock import now, now_ms
from chalicelib.invoices import brand
from chalicelib.invoices.brand import BrandRequest
from chalicelib.payments.payment import DAY_MS
from chalicelib.subscriptions import table as subscriptions
from tests.portal.adding import add
from tests.portal.people import NARROW, WIDE, People, type_card
from tests.portal.site import Site, today
from tests.wait import wait_for

pytestmark = pytest.mark.browser


def test_an_account_that_used_up_its_balance_is_told_what_to_do(people: People, site: Site) -> None:
    account = site.account(balance="0.05")
    site.use(account, today(1), number=1)
    page = people.open(account)
    expect(page.locator(".balance")).to_have_text("$0.00")
    expect(page.get_by_role("heading", name="Your balance is used up")).to_be_visible()
    expect(page.get_by_role("heading", name="Get started")).to_have_count(0)
    expect(page.get_by_role("link", name="Back", exact=False).first).to_have_attribute(
        "href", "https://app.example.com/settings"
    )


def test_a_low_balance_says_how_long_it_lasts_and_what_to_do(people: People, site: Site) -> None:
    account = site.account(balance="10")
    site.use(account, *(today(back) for back in range(1, 8)), number=10)
    page = people.open(account)
    expect(page.locator(".balance")).to_have_text("$6.50")
    expect(page.get_by_role("heading", name="Your balance is low")).to_be_visible()
    expect(page.get_by_text(re.compile(r"At your current pace this runs out around .*about 12 days"))).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("$0.50")


def test_an_expiring_card_is_told_in_time(people: People, site: Site) -> None:
    account = site.account(balance="50")
    site.change_card(account, expiry_year=now().year, expiry_month=now().month)
    page = people.open(account, script=False)
    expect(page.get_by_role("heading", name="Your card expires soon")).to_be_visible()
    site.change_card(account, expiry_year=now().year - 1, expiry_month=1)
    page.reload()
    expect(page.get_by_role("heading", name="Your card has expired")).to_be_visible()
    page.get_by_role("link", name="Update Card Info").first.click()
    expect(page.get_by_text("Card details go straight to Stripe and never reach us")).to_be_visible()


def test_the_card_is_changed_with_a_bank_that_asks_and_removed(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/card", width=NARROW)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("alert")).to_contain_text("incomplete")
    type_card(page, "4000 0025 0000 3155")
    page.get_by_role("button", name="Save card").click()
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    expect(page.get_by_text("Visa ending in 3155")).to_be_visible()
    page.get_by_role("link", name="Update Card Info").click()
    page.get_by_text("Remove card").first.click()
    page.get_by_role("button", name="Remove card").click()
    expect(page.get_by_role("status")).to_have_text("Your card is removed.")
    expect(page.get_by_text("No card on file")).to_be_visible()


def test_invoices_and_payments_are_listed_with_their_states(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False, session={"subject": "kim@acme.example"})
    add(page, "$50.00")
    expect(page.get_by_role("heading", name="$50.00 added")).to_be_visible()
    page.get_by_role("link", name="Invoices", exact=True).click()
    invoices, payments = page.locator("table").nth(0), page.locator("table").nth(1)
    expect(invoices.locator("tbody tr")).to_have_count(1)
    expect(payments.locator("tbody tr")).to_contain_text("Paid")
    expect(payments.locator("tbody tr")).to_contain_text("You")
    (payment,) = site.payments(account)
    refund = requests.post(
        f"{site.url}/v1/accounts/{account}/payments/{payment.payment_id}/refunds",
        json={"amount": "10.00", "reason": "agreed"},
        headers={**site.operator, "Idempotency-Key": "refund-1"},
        timeout=30,
    )
    assert refund.ok, refund.text
    page.reload()
    expect(payments.locator("tbody tr")).to_contain_text("Partly refunded")
    payments.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="$10.00 of $50.00 refunded")).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.locator(".entry").filter(has_text="Refund").locator(".amount")).to_have_text("−$10.00")
    answer = site.enter(account).get(f"/payments/{payment.payment_id}/invoice")
    assert answer.status_code == 303
    assert ".pdf" in answer.headers["Location"]


def test_billing_details_are_kept_for_the_next_invoice(people: People, site: Site) -> None:
    account = site.account(country="US", locale="de-DE")
    page = people.open(account, "/details", script=False, width=NARROW)
    page.get_by_label("Name or company").fill("Müller & Söhne <GmbH>")
    page.get_by_label("Address").fill("Hauptstraße 1\n\n10115 Berlin")
    expect(page.get_by_label("Country")).to_have_value("")
    page.get_by_label("Email on invoices").fill("nonsense")
    page.get_by_role("button", name="Save billing details").click(no_wait_after=True)
    page.get_by_label("Email on invoices").fill("buchhaltung@mueller.example")
    page.get_by_role("button", name="Save billing details").click(no_wait_after=True)
    expect(page.locator("#country-error")).to_have_text("Choose the country of this address.")
    page.get_by_label("Country").select_option("Germany")
    page.get_by_role("button", name="Save billing details").click()
    expect(page.get_by_role("status")).to_contain_text("Your billing details are saved.")
    kept = accounts.get(account).billing_details
    assert kept is not None
    assert (kept.address, kept.country) == (["Hauptstraße 1", "10115 Berlin"], "DE")
    assert accounts.get(account).country == "US"
    page.get_by_role("link", name="Details").click()
    expect(page.get_by_label("Name or company")).to_have_value("Müller & Söhne <GmbH>")


def test_what_changed_and_who_did_it_is_on_a_page_within_seconds(people: People, site: Site) -> None:
    account = site.account(balance="40")
    visitor = site.enter(account, subject="kim@acme.example")
    assert visitor.post("/auto-pay", {"threshold": "10", "amount": "50"}).status_code == 303
    wait_for(lambda: "Turned on" in visitor.get("/activity").text)
    page = people.open(account, "/details", script=False, width=NARROW)
    page.get_by_role("link", name="See what changed, and who did it").click()
    entry = page.get_by_role("listitem").filter(has_text="Turned on")
    expect(entry.filter(has_text="kim@acme.example").first).to_contain_text("When balance drops below: $10.00")
    expect(page.get_by_text("Card added: Visa ending in 4242").first).to_be_visible()
    page.get_by_label("Type").select_option("Auto-Pay")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("Card added", exact=False)).to_have_count(0)
    expect(page.get_by_text("Turned on")).to_be_visible()
    assert "Turned on" in visitor.get("/activity/csv?kind=auto_pay").text
    page.get_by_label("Type").select_option("Taxes")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("Nothing of this type has changed.")).to_be_visible()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        *(("email", typed, "Enter an email address") for typed in ("nonsense", "kim@acme", "kim..k@acme.example")),
        ("email", "kïm@acme.example", "Only the letters a to z"),
        ("name", "\u200e", "This contains no visible characters"),
        ("name", "Acme\u202egpj.exe", "an invisible character"),
        ("tax_id", "x" * 201, "This is too long"),
        ("address", "Ring 1\n\u3164", "This contains no visible characters"),
        ("address", "\n".join("123456789"), "up to eight lines"),
        ("country", "Germany", "Choose an option from the list"),
    ],
)
def test_what_is_wrong_in_billing_details_is_told_beside_its_field(
    site: Site, field: str, typed: str, said: str
) -> None:
    account = site.account()
    answer = site.enter(account).post("/details", {"name": "Acme", field: typed})
    assert answer.status_code == 422
    told = re.search(rf'id="{field}-error"[^>]*>([^<]*)<', answer.text)
    assert told is not None
    assert said in told[1]
    assert accounts.get(account).billing_details is None


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (False, NARROW)])
def test_a_plan_is_chosen_changed_canceled_and_kept(people: People, site: Site, script: bool, width: int) -> None:
    account = site.account()
    page = people.open(account, "/plan", script=script, width=width)
    page.get_by_label(re.compile("^Agency[^,]*month")).check()
    page.get_by_label("Phone number").fill("2")
    page.get_by_role("button", name="Review what's due").click()
    expect(page.get_by_role("heading", name="Due today: $99.30")).to_be_visible()
    expect(page.get_by_text("From today: Agency, 2 × Phone number")).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name="Confirm and pay $99.30").click()
    expect(page.get_by_role("heading", name="$99.30 paid")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("2 × Phone number")).to_be_visible()
    expect(page.get_by_text("Next charge: $99.30")).to_be_visible()
    page.get_by_label("Phone number").fill("1")
    page.get_by_role("button", name="Review change").click()
    expect(page.get_by_role("heading", name="Due today: $0.00")).to_be_visible()
    expect(page.get_by_text(re.compile("^From .*: Agency, 1 × Phone number"))).to_contain_text(
        "Until then, nothing changes."
    )
    page.get_by_role("button", name="Confirm change").click()
    expect(page.get_by_role("status")).to_have_text("Your change is scheduled.")
    expect(page.get_by_text(re.compile("^On .*, this changes to Agency, 1 × Phone number"))).to_be_visible()
    page.get_by_text("Cancel the subscription").first.click()
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.get_by_text("and won't be charged again.")).to_be_visible()
    page.get_by_role("button", name="Keep the subscription").click()
    expect(page.get_by_role("status")).to_have_text("Your subscription will continue.")
    kept = subscriptions.get(account)
    assert (kept.status, kept.cancel_at_period_end, kept.actor) == ("active", False, f"owner:{account}")
    assert len(site.charges(account)) == 1


@pytest.mark.parametrize("script", [True, False])
def test_a_link_opens_by_itself_and_without_script_by_its_button(people: People, site: Site, script: bool) -> None:
    account = site.account(balance="40")
    page = people.context(script=script).new_page()
    page.goto(site.link(account, page="history"), wait_until="commit")
    if not script:
        page.get_by_role("button", name="Open Billing").click()
    page.wait_for_url(f"**/portal/accounts/{account}/history")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_is_too_little_for_a_card_is_said_before_it_is_carried(people: People, site: Site) -> None:
    account = site.account()
    site.enter(account).post("/plan", {"attempt": "1", "plan": "agency"})
    ends_ms = now_ms() + DAY_MS
    row_type = subscriptions.SubscriptionRow
    row_type(account).update([row_type.period_start_ms.set(ends_ms - 30 * DAY_MS), row_type.period_end_ms.set(ends_ms)])
    page = people.open(account, "/plan/preview?plan=agency&add_on_phone_number=1", script=False)
    expect(page.get_by_text("is too little to charge to a card. We'll add it to your next charge.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_have_text("Confirm change")


def test_what_a_trial_does_not_include_is_said_before_it_is_charged(people: People, site: Site) -> None:
    account = site.account()
    site.enter(account).post("/plan", {"attempt": "1", "plan": "solo"})
    page = people.open(account, "/plan/preview?plan=solo&add_on_voice_features=1", script=False)
    expect(page.get_by_text("What isn't included in it is charged for the days until then.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm and pay")).to_be_visible()
    page.goto(page.url.split("?")[0] + "?plan=agency")
    expect(page.get_by_text("Your trial ends when you confirm, and your first period begins.")).to_be_visible()
    page.get_by_role("button", name="Confirm and pay $97.00").click()
    expect(page.get_by_role("heading", name="$97.00 paid")).to_be_visible()
    assert subscriptions.get(account).status == "active"


def test_a_client_sees_its_workspace_by_name_logo_and_colour(people: People, site: Site) -> None:
    workspace = site.account(name="Studio Lime")
    png = BytesIO()
    Image.new("RGB", (120, 40), "#88ff00").save(png, "PNG")
    brand.put_brand(accounts.get(workspace), BrandRequest(Color("#88ff00"), base64.b64encode(png.getvalue()).decode()))
    client = site.account(kind="client", workspace_id=workspace, name="Bakery")
    page = people.open(client)
    logo = page.get_by_role("img", name="Studio Lime")
    expect(logo).to_be_visible()
    assert logo.evaluate("image => image.complete && image.naturalWidth") == 120
    assert page.title() == "Billing · Studio Lime"
    button = page.get_by_role("link", name="Add Balance").last
    assert button.evaluate("node => getComputedStyle(node).backgroundColor") != "rgb(36, 64, 95)"
    page.emulate_media(color_scheme="dark")
    expect(logo).to_be_visible()
    assert people.complaints == []


def test_the_language_is_the_browsers_unless_the_platform_says(people: People, site: Site) -> None:
    account = site.account(balance="1234.5")
    assert people.open(account, locale="de-DE").title().startswith("Abrechnung")
    german = people.open(account, session={"locale": "de"})
    expect(german.locator(".balance")).to_have_text(re.compile(r"1\.234,50\s\$"))
    brazilian = people.open(account, locale="pt-BR")
    expect(brazilian.locator("html")).to_have_attribute("lang", "pt-BR")
    dutch = people.open(account, locale="nl-NL")
    expect(dutch.locator("html")).to_have_attribute("lang", "en")


def test_signing_out_ends_the_session_here(people: People, site: Site) -> None:
    page = people.open(site.account(), script=False)
    home = page.url
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You're signed out")).to_be_visible()
    page.goto(home)
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()


def test_what_does_not_exist_has_a_page_with_a_way_on(people: People, site: Site) -> None:
    page = people.open(site.account(), "/payments/pay_nothing", script=False)
    expect(page.get_by_text("find this payment.")).to_be_visible()
    page.get_by_role("link", name="Go to the overview").click()
    expect(page.locator(".balance")).to_be_visible()
