"""Alerts: which mails, to whom, below which balance; what is wrong with it; and who may change it."""

import re

import pytest
from playwright.sync_api import expect

from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.notices.change_choice import change_choice
from chalicelib.notices.choice import Choice, ChoiceRequest, Mails
from chalicelib.notices.table import choice_of
from chalicelib.portal.pages.alerts import GROUPS
from chalicelib.text import Email
from tests.portal.axe import assert_accessible
from tests.portal.people import NARROW, WIDE, People, press
from tests.portal.site import Site, today

pytestmark = pytest.mark.browser

ALL_ON = dict.fromkeys(Mails.__struct_fields__, "on")


def test_every_kind_of_mail_has_its_words() -> None:
    assert sorted(kind for alerts in GROUPS.values() for kind in alerts) == sorted(Mails.__struct_fields__)


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (False, NARROW)])
def test_a_person_chooses_alerts_with_the_keyboard(people: People, site: Site, script: bool, width: int) -> None:
    account = site.account(balance="100")
    page = people.open(account, script=script, width=width)
    press(page, "Email alerts")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
    if script:
        assert_accessible(page)
    receipt = page.get_by_role("checkbox", name="Receipt")
    expect(receipt).to_have_accessible_description("A payment succeeded. The email links to its invoice.")
    receipt.focus()
    page.keyboard.press("Space")
    page.get_by_label("Low balance is below").fill("150")
    page.get_by_label("Send to").fill("kim@acme.example\n\n jo@acme.example \nkim@acme.example")
    press(page, "Save alerts")
    expect(page.get_by_role("status")).to_have_text("Your alerts are saved.")
    assert choice_of(account) == Choice(["kim@acme.example", "jo@acme.example"], Mails(receipt=False), 1, 150_000_000)
    expect(page.get_by_role("checkbox", name="Receipt")).not_to_be_checked()
    expect(page.get_by_label("Low balance is below")).to_have_value("150")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Your balance is low")).to_be_visible()


def test_what_is_as_by_default_stays_the_default(site: Site) -> None:
    account = site.account()
    fields = {**ALL_ON, "recipients": "\n", "shown": "0"}
    assert site.enter(account).post("/alerts", {**fields, "low_balance_threshold": "10"}).status_code == 303
    assert choice_of(account) == Choice(version=1)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("recipients", "kim@acme.example\nnonsense", "nonsense: Enter an email address"),
        ("recipients", "\n".join(f"kim{each}@acme.example" for each in range(11)), "at most 10 addresses"),
        ("low_balance_threshold", "0", "Enter an amount above zero."),
        ("low_balance_threshold", "5.005", "Use at most 2 decimals"),
        ("low_balance_threshold", "-5", "without a minus sign"),
        ("low_balance_threshold", "ten", "Enter an amount in USD"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_is_kept(
    site: Site, field: str, typed: str, said: str
) -> None:
    account = site.account()
    answer = site.enter(account).post("/alerts", {"shown": "0", field: typed})
    assert answer.status_code == 422
    told = re.search(rf'id="{field}-error"[^>]*>([^<]*)<', answer.text)
    assert told is not None
    assert said in told[1]
    assert typed in answer.text
    assert " checked" not in answer.text
    assert choice_of(account) == Choice()


def test_a_form_that_shows_what_is_no_longer_so_does_not_undo_it(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    shown = shown_in(visitor.get("/alerts").text)
    change_choice(accounts.get(account), ChoiceRequest(recipients=[Email("jo@acme.example")]))
    answer = visitor.post("/alerts", {"recipients": "kim@acme.example", "shown": shown})
    assert answer.status_code == 422
    assert "Someone else changed these alerts" in answer.text
    assert choice_of(account).recipients == ["jo@acme.example"]
    again = {"recipients": "kim@acme.example", "shown": shown_in(answer.text)}
    assert visitor.post("/alerts", again).status_code == 303
    assert choice_of(account).recipients == ["kim@acme.example"]


def test_a_viewer_sees_the_choice_and_cannot_send_it(site: Site) -> None:
    account = site.account()
    change_choice(accounts.get(account), ChoiceRequest([Email("kim@acme.example")], "25"))
    viewer = site.enter(account, role="viewer")
    page = viewer.get("/alerts").text
    assert "<textarea" not in page
    assert "kim@acme.example" in page
    assert "$25.00" in page
    assert viewer.post("/alerts", {"shown": "1"}).status_code == 403
    assert choice_of(account).version == 1


def test_a_few_typical_days_are_suggested_and_fill_in_the_form(people: People, site: Site) -> None:
    account = site.account(balance="100")
    for back in range(1, 5):
        site.use(account, today(back), number=100)
    page = people.open(account, "/alerts", script=False)
    expect(page.get_by_text("A typical day costs you about $5. For about three days' notice")).to_be_visible()
    page.get_by_role("link", name="Use $20").click()
    expect(page.get_by_label("Low balance is below")).to_have_value("20")


def test_with_auto_pay_on_its_threshold_counts_and_the_page_says_so(site: Site) -> None:
    account = site.account(balance="100")
    switch_on(account)
    page = site.enter(account).get("/alerts").text
    assert "this alert uses its threshold instead: $20.00" in page


def test_a_client_learns_that_invitations_are_always_sent_and_a_workspace_gets_none(site: Site) -> None:
    workspace = site.account()
    of_client = site.enter(site.client(workspace)).get("/alerts").text
    assert "Invitations to these pages are always sent" in of_client
    assert "Invitations" not in site.enter(workspace).get("/alerts").text


def switch_on(account_id: str) -> None:
    assert auto_pay.write(
        AutoPay(
            account_id=account_id,
            enabled=True,
            threshold_micros=20_000_000,
            amount_micros=25_000_000,
            monthly_limit_micros=None,
            actor="tester",
            updated_at_ms=0,
            version=1,
        ),
        over=0,
    )


def shown_in(page: str) -> str:
    found = re.search(r'name="shown" value="([0-9]+)"', page)
    assert found is not None
    return found[1]
