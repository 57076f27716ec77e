"""A workspace's clients: the list with its figures, tabs and pages, and the form for a new one."""

import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.clients.list_clients import MOST_LISTED
from chalicelib.text import Line
from tests.build import account
from tests.portal.people import NARROW, People
from tests.portal.site import Site, today
from tests.wait import wait_for

pytestmark = pytest.mark.browser

NEW = {"name": "Bäckerei <Müller>", "email": "kim@bakery.example", "id": "bakery"}


def listed(workspace: str, number: int) -> bool:
    """Tell whether the index of clients has followed the table."""
    return len(accounts.clients_after(workspace, None, 100).ids) == number


def test_a_workspace_without_clients_is_told_what_they_are_and_creates_one(people: People, site: Site) -> None:
    workspace = site.account()
    page = people.open(workspace, script=False, width=NARROW)
    page.get_by_role("link", name="Clients", exact=True).click()
    expect(page.get_by_text("Clients are your own customers.")).to_be_visible()
    page.get_by_role("link", name="Create your first client").click()
    page.get_by_label("Name or company").fill(NEW["name"])
    page.get_by_label("Email").fill(NEW["email"])
    page.get_by_label("Id", exact=True).fill(NEW["id"])
    page.get_by_role("button", name="Create client").click()
    expect(page.get_by_role("status")).to_contain_text("Client created.")
    expect(page.get_by_role("heading", level=1)).to_have_text(NEW["name"])
    made = accounts.get(f"{workspace}.bakery")
    assert (made.kind, made.workspace_id, made.email, made.currency) == ("client", workspace, NEW["email"], "usd")


def test_the_list_says_what_each_client_brings_and_lacks(people: People, site: Site) -> None:
    workspace = site.account(balance="100")
    site.connect(workspace)
    paying = site.client(workspace, balance="40", name="Bakery")
    empty = site.client(workspace, name="Salon")
    site.use(paying, today(), number=4)
    wait_for(lambda: listed(workspace, 2))
    page = people.open(workspace, "/clients", script=False)
    expect(page.locator(".figures").first).to_contain_text("$0.20")
    rows = page.locator(".client")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text=paying)).to_contain_text("$39.80")
    expect(rows.filter(has_text=paying)).not_to_contain_text("The wallet is empty")
    expect(rows.filter(has_text=empty)).to_contain_text("The wallet is empty, so the client cannot use anything.")
    expect(rows.filter(has_text=empty)).to_contain_text("There is no card on file")


def test_tabs_hold_clients_by_their_standing(people: People, site: Site) -> None:
    workspace = site.account()
    one, other = site.client(workspace, name="Bakery"), site.client(workspace, name="Salon")
    change_standing(accounts.get(one), StandingRequest("suspended", Line("Owes")), actor="kim", catalog=catalog())
    change_standing(accounts.get(other), StandingRequest("archived", Line("Gone")), actor="kim", catalog=catalog())
    both = {"suspended", "archived"}
    wait_for(lambda: {each.standing for each in accounts.clients_after(workspace, None, 9).accounts.values()} == both)
    page = people.open(workspace, "/clients", script=False)
    for tab, name in (("Suspended", "Bakery"), ("Archived", "Salon"), ("Rebilled", "Bakery")):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.locator(".client h2")).to_have_text([name])


def test_more_clients_than_a_page_has_are_on_the_next(people: People, site: Site) -> None:
    workspace = site.account()
    for number in range(MOST_LISTED + 2):
        site.client(workspace, name=f"Salon {number}")
    wait_for(lambda: listed(workspace, MOST_LISTED + 2))
    page = people.open(workspace, "/clients", script=False)
    seen = page.locator(".client h2").all_text_contents()
    page.get_by_role("link", name="More clients").click()
    expect(page.locator(".client")).to_have_count(2)
    seen += page.locator(".client h2").all_text_contents()
    assert len(set(seen)) == MOST_LISTED + 2
    page.get_by_role("link", name="Back to the first").click()
    expect(page.locator(".client")).to_have_count(MOST_LISTED)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "This field is required."),
        ("email", "nonsense", "Enter an email address"),
        ("id", "two words", "Use only letters and numbers"),
        ("id", "", "This field is required."),
    ],
)
def test_what_is_wrong_with_a_new_client_is_told_beside_its_field(
    site: Site, field: str, typed: str, said: str
) -> None:
    workspace = site.account()
    answer = site.enter(workspace).post("/new-client", {**NEW, field: typed})
    assert answer.status_code == 422
    told = re.search(rf'id="{field}-error"[^>]*>([^<]*)<', answer.text)
    assert told is not None
    assert said in told[1]
    assert all(f'value="{kept}"' in answer.text for name, kept in NEW.items() if name not in {field, "name"})
    assert accounts.find(f"{workspace}.bakery") is None


@pytest.mark.parametrize("typed", ["one.two", "x" * 60])
def test_an_id_that_no_client_can_have_is_refused(site: Site, typed: str) -> None:
    workspace = site.account()
    answer = site.enter(workspace).post("/new-client", {**NEW, "id": typed})
    assert answer.status_code == 422
    assert "Choose a short one with letters" in answer.text
    assert accounts.find(f"{workspace}.{typed}") is None


def test_the_same_form_twice_makes_one_client_and_an_id_is_never_taken_over(site: Site) -> None:
    workspace = site.account()
    visitor = site.enter(workspace)
    for _ in range(2):
        assert visitor.post("/new-client", NEW).headers["Location"].endswith("bakery?done=created")
    gone = replace(account(f"{workspace}.gone", workspace_id=site.account()), name=NEW["name"], email=NEW["email"])
    assert accounts.create(gone)
    assert "already has this ID" in visitor.post("/new-client", {**NEW, "id": "gone"}).text
    refused = visitor.post("/new-client", {**NEW, "name": "Someone else"})
    assert refused.status_code == 422
    assert "already has this ID" in refused.text
    assert accounts.get(f"{workspace}.bakery").name == NEW["name"]


def test_a_client_has_no_clients_and_no_link_to_any(site: Site) -> None:
    client = site.enter(site.client(site.account()))
    assert "/clients" not in client.get().text
    for path in ("/clients", "/new-client", "/client-prices", "/clients/x", "/clients/x/prices", "/incoming-moves"):
        assert client.get(path).status_code == 404, path
    assert client.post("/new-client", NEW).status_code == 404
    assert client.post("/client-prices", {"do": "save"}).status_code == 404
