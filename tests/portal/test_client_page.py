"""One client on its workspace's pages: its figures and pairs, its standing, credits by hand, and whose it is."""

import pytest
from playwright.sync_api import expect

from chalicelib.accounts import table as accounts
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import Dated, Rebilling
from chalicelib.pricing.table import row_of
from tests.amounts import without_times
from tests.portal.people import NARROW, People
from tests.portal.site import PAGES, Site, today

pytestmark = pytest.mark.browser


def price(client: str, micros: int = 80_000) -> None:
    """Set a client's price of a message, from the beginning of time on."""
    prices: dict[str, tuple[Dated[ClientPrice | None], ...]] = {
        "sms": (Dated(0, ClientPrice("price", micros, "message"), 0, "kim"),)
    }
    row_of(client, Rebilling(switches=(Dated(0, value=True, set_at_ms=0, actor="kim"),), prices=prices)).save()


def test_a_charge_is_shown_with_both_of_its_sides(people: People, site: Site) -> None:
    workspace = site.account(balance="100")
    client = site.client(workspace, balance="40")
    price(client)
    site.use(client, today(1), number=1)
    page = people.open(workspace, f"/clients/{client}", script=False)
    row = page.locator('[aria-labelledby="transactions"] tbody tr').filter(has_text="SMS message")
    expect(row.locator("td")).to_have_text(["SMS message", "−$0.08", "−$0.05", "$0.03"])
    row.get_by_role("link", name="−$0.05").click()
    expect(page.get_by_role("link", name="Bakery")).to_have_attribute(
        "href", f"/portal/accounts/{workspace}/clients/{client}"
    )


def test_a_free_allowance_is_named_beside_what_it_comes_off(site: Site) -> None:
    workspace = site.account(balance="100")
    client, other = (site.client(workspace, balance="40", name=name) for name in ("Bakery", "Salon"))
    switches, allowances = (Dated(0, value=True, set_at_ms=0, actor="kim"),), (Dated(0, 5_000_000, 0, "kim"),)
    row_of(client, Rebilling(switches=switches, allowances_micros=allowances)).save()
    said = "Before the free allowance of $5.00 a month."
    visitor = site.enter(workspace)
    assert said in visitor.get(f"/clients/{client}").text
    assert said not in visitor.get(f"/clients/{other}").text


def test_what_the_client_gets_free_of_charge_is_a_loss_with_the_same_sign_as_every_debit(site: Site) -> None:
    workspace = site.account(balance="100")
    client = site.client(workspace, balance="40")
    absorbed: dict[str, tuple[Dated[ClientPrice | None], ...]] = {"sms": (Dated(0, ClientPrice("absorbed"), 0, "kim"),)}
    row_of(client, Rebilling(switches=(Dated(0, value=True, set_at_ms=0, actor="kim"),), prices=absorbed)).save()
    site.use(client, today(1), number=1)
    page = site.enter(workspace).get(f"/clients/{client}").text
    assert '"><bdi>$0.00</bdi></td>' in page
    assert '<td role="cell" class="num" data-label="You keep"><bdi>−$0.05</bdi></td>' in page
    assert f'href="/portal/accounts/{workspace}/history?client={client}"' in page


def test_the_lists_of_a_client_go_on_as_far_as_there_is_anything(people: People, site: Site) -> None:
    workspace = site.account(balance="100")
    client = site.client(workspace, balance="40")
    site.use(client, today(1), number=14)
    page = people.open(workspace, f"/clients/{client}", script=False)
    expect(page.locator('[aria-labelledby="transactions"] tbody tr')).to_have_count(10)
    expect(page.get_by_text("Welcome credit")).to_be_visible()  # made after the usage, which is of yesterday
    page.get_by_role("link", name="Older transactions").click()
    expect(page.locator('[aria-labelledby="transactions"] tbody tr')).to_have_count(5)
    expect(page.get_by_role("link", name="Older transactions")).to_have_count(0)
    page.get_by_role("link", name="Newest").click()
    expect(page.locator('[aria-labelledby="transactions"] tbody tr')).to_have_count(10)


def test_a_client_is_suspended_made_active_and_archived(people: People, site: Site) -> None:
    workspace = site.account(balance="100")
    client = site.client(workspace, balance="40")
    page = people.open(workspace, f"/clients/{client}", script=False, width=NARROW)
    expect(page.get_by_text("The client can use everything.")).to_be_visible()
    page.get_by_role("link", name="Suspend").click()
    expect(page.get_by_text("The client can still pay what it owes")).to_be_visible()
    page.get_by_label("Reason").fill("Two invoices are unpaid")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_role("status")).to_have_text("The client is suspended.")
    expect(page.get_by_text("Bakery is suspended. It can be used once it's active again.")).to_be_visible()
    expect(page.get_by_text("Reason: Two invoices are unpaid")).to_be_visible()
    page.get_by_role("link", name="Make active").click()
    page.get_by_label("Reason").fill("Paid")
    page.get_by_role("button", name="Make active").click()
    expect(page.get_by_text("The client can use everything.")).to_be_visible()
    page.get_by_role("link", name="Archive").click()
    expect(page.get_by_text("Nothing is deleted")).to_be_visible()
    page.get_by_label("Reason").fill("Gone")
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_role("status")).to_have_text("The client is archived.")
    kept = accounts.get(client)
    assert (kept.standing, kept.standing_reason, kept.standing_actor) == (
        "archived",
        "Gone",
        f"workspace:owner:{workspace}",
    )


def test_a_standing_needs_a_reason_and_one_that_does_not_exist_has_no_page(site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    visitor = site.enter(workspace)
    answer = visitor.post(f"/clients/{client}/standing", {"to": "suspended", "reason": " "})
    assert answer.status_code == 422
    assert "This field is required." in answer.text
    assert visitor.get(f"/clients/{client}/standing?to=deleted").status_code == 404
    assert visitor.post(f"/clients/{client}/standing", {"to": "deleted", "reason": "x"}).status_code == 404
    assert accounts.get(client).standing == "active"


def test_a_credit_is_repeated_before_it_is_made_and_charges_no_card(people: People, site: Site) -> None:
    workspace = site.account(balance="100")
    client = site.client(workspace)
    page = people.open(workspace, f"/clients/{client}/credit", script=False)
    expect(page.get_by_text("No card is charged, so this is money")).to_be_visible()
    page.get_by_label("Amount").fill("1,200")
    page.get_by_label("Reason").fill("Sorry for the fault")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Credit $1,200.00 to Bakery?")).to_be_visible()
    expect(page.get_by_text("You typed 1,200, which is $1,200.00.")).to_be_visible()
    assert site.balance(client) == 0
    page.get_by_role("button", name="Credit $1,200.00").click()
    expect(page.get_by_role("status")).to_contain_text("No card was charged.")
    expect(page.locator('[aria-labelledby="transactions"]')).to_contain_text("Sorry for the fault")
    assert (site.balance(client), site.balance(workspace)) == (1_200_000_000, 100_000_000)
    assert site.payments(client) == []


def test_a_credit_is_made_once_however_often_its_form_is_sent(site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    visitor = site.enter(workspace)
    form = {"attempt": "1", "amount": "12", "reason": "Sorry", "confirmed": "12000000"}
    for _ in range(2):
        assert visitor.post(f"/clients/{client}/credit", form).status_code == 303
    other = visitor.post(f"/clients/{client}/credit", {**form, "amount": "13", "confirmed": "13000000"})
    assert other.status_code == 409
    assert "Nothing changed this time." in other.text
    assert site.balance(client) == 12_000_000
    again = {**form, "attempt": "2"}
    assert visitor.post(f"/clients/{client}/credit", again).status_code == 303
    assert site.balance(client) == 24_000_000


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "1O0"}, "Enter an amount in USD, like 25.50."),
        ({"amount": ""}, "Enter an amount in USD, like 25.50."),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"amount": "1.234"}, "at most 2 decimals"),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_with_a_credit_is_told_and_the_rest_is_kept(site: Site, typed: dict[str, str], said: str) -> None:
    workspace = site.account()
    client = site.client(workspace)
    form = {"attempt": "1", "amount": "12", "reason": "Sorry", **typed}
    answer = site.enter(workspace).post(f"/clients/{client}/credit", form)
    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{kept}"' in answer.text for name, kept in form.items() if kept and name not in typed)
    assert site.balance(client) == 0


def forms_about(client: str) -> dict[str, dict[str, str]]:
    """Return the forms about a client, each good."""
    return {
        f"/clients/{client}/standing": {"to": "suspended", "reason": "x"},
        f"/clients/{client}/credit": {"attempt": "1", "amount": "5", "reason": "x", "confirmed": "5000000"},
        f"/clients/{client}/prices": {"do": "save", "shown": "0", "enabled": "off"},
        f"/clients/{client}/move": {"to_workspace_id": "south", "balance": "keep"},
        f"/clients/{client}/move/withdraw": {"version": "1"},
        f"/incoming-moves/{client}": {"answer": "accept", "balance": "keep"},
    }


def pages_about(client: str) -> list[str]:
    return [f"/clients/{client}{rest}" for rest in ("", "/standing?to=archived", "/credit", "/prices", "/move")]


def test_nobody_sees_or_changes_the_client_of_another_workspace(site: Site) -> None:
    workspace, stranger = site.account(name="Acme"), site.account(balance="77.31", name="Stranger")
    own, client = site.client(workspace), site.client(stranger, balance="77.31", name="Salon")
    visitor = site.enter(workspace)
    for about in (client, stranger, workspace, "nobody", f"{own}.x"):
        for path in pages_about(about):
            answer = visitor.get(path)
            assert answer.status_code == 404, path
            assert "77.31" not in without_times(answer.text)
            assert "Salon" not in answer.text
        for path, form in forms_about(about).items():
            assert visitor.post(path, form).status_code == 404, path
    assert site.balance(client) == 77_310_000
    assert accounts.get(client).standing == "active"


def test_a_viewer_sees_clients_and_changes_none(site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    viewer, token = site.enter(workspace, role="viewer"), site.enter(workspace).form_token()
    own = viewer.get().text.partition('form_token" value="')[2].partition('"')[0]
    for path in pages_about(client):
        answer = viewer.get(path)
        is_a_form = path.endswith("/credit") or "/standing" in path
        assert answer.status_code == (403 if is_a_form else 200), path
        assert answer.text.count('method="post"') == 2  # to sign out, and to choose language and theme
    for path, form in forms_about(client).items():
        assert viewer.post(path, form, own).status_code == 403, path
        assert site.enter(workspace).post(path, form, token).status_code == 403, path
    assert viewer.post("/new-client", {"name": "x", "email": "a@b.example", "id": "x"}, own).status_code == 403
    assert accounts.get(client).standing == "active"
    assert site.balance(client) == 0


def test_no_page_of_a_client_shows_anything_of_its_workspaces_money(site: Site) -> None:
    workspace = site.account(balance="7131.17", name="Studio Lime")
    client = site.client(workspace, balance="40")
    price(client, 93_000)
    site.use(client, today(1), number=7)  # costs 0.05 each
    visitor = site.enter(client)
    history = visitor.get(f"/history?open={today(1)}.sms").text
    transaction = history.partition("/transactions/")[2].partition('"')[0]
    paths = [each for each in PAGES if "client" not in each]
    for path in (*paths, f"/history?open={today(1)}.sms", f"/transactions/{transaction}", "/history/csv?file=1"):
        text = without_times(visitor.get(path).text).replace(client, "")
        for secret in ("0.05", "0.35", "0.30", "0.043", "7,130", "7131", "7,131", f"{workspace}<", "Example Platform"):
            assert secret not in text, (path, secret)
    assert "0.093" in history
