"""A client is moved to another workspace on the pages of both: asked for, accepted, declined, withdrawn."""

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.clock import now_ms
from chalicelib.moves import table
from chalicelib.moves.answer_move import accept_move, decline_move
from chalicelib.moves.list_incoming import MOST_LISTED
from chalicelib.moves.move import VALID_MS, Balance, Move
from chalicelib.moves.request_move import MoveRequest, request_move, withdraw_move
from chalicelib.text import AccountId, Line
from tests.amounts import without_times
from tests.portal.axe import assert_accessible
from tests.portal.people import NARROW, WIDE, People, press
from tests.portal.site import Site
from tests.wait import wait_for

pytestmark = pytest.mark.browser


class Two:
    """A client of `north`, which `south` may take."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.north = site.account(name="North Agency", method="")
        self.south = site.account(name="South Agency", method="")
        self.client = site.client(self.north, name="Salon Rosé", balance="12.34")

    def ask(self, balance: Balance = "keep", to: str = "") -> Move:
        asked = MoveRequest(AccountId(to or self.south), balance)
        move = request_move(accounts.get(self.client), asked, actor="jane")
        wait_for(lambda: move in table.incoming(move.to_workspace_id, 0, 10))
        return move

    @property
    def move(self) -> Move | None:
        return table.find(self.client)

    def end(self, how: str) -> None:
        """End the request, as a person does or as time does."""
        if how == "withdrawn":
            withdraw_move(accounts.get(self.client), actor="jane")
        elif how == "declined":
            decline_move(accounts.get(self.south), self.client, actor="kim")
        elif move := self.move:
            assert table.write(replace(move, expires_at_ms=now_ms(), version=move.version + 1), over=move)


@pytest.fixture
def two(site: Site) -> Two:
    return Two(site)


@pytest.mark.parametrize(
    ("width", "choice", "button", "outcome"),
    [
        (
            NARROW,
            "It moves with the client",
            "Accept and keep the balance of $12.34",
            "The balance came with the client",
        ),
        (WIDE, "It's settled", "Accept and settle the balance", "The balance of $12.34 was taken out"),
    ],
)
def test_one_workspace_asks_and_the_other_accepts_with_the_keyboard_alone(
    people: People, site: Site, two: Two, width: int, choice: str, button: str, outcome: str
) -> None:
    site.connect(two.north)
    site.connect(two.south)
    site.save_card(two.client, "pm_card_visa")
    asking = people.open(two.north, f"/clients/{two.client}", width=width)
    press(asking, "Move to another workspace")
    expect(asking.get_by_text("The wallet, with its whole history.")).to_be_visible()
    expect(asking.get_by_text("The client has to save its card again.")).to_be_visible()
    asking.get_by_label("ID of the other workspace").fill(two.south)
    asking.get_by_label(choice).focus()
    asking.keyboard.press("Space")
    press(asking, "Ask to move the client")
    expect(asking.get_by_role("status")).to_have_text("The other workspace can accept the request now.")
    expect(asking.get_by_text(f"The owner of {two.south} can accept it until")).to_be_visible()
    assert_accessible(asking)
    press(asking, "Back to Salon Rosé")
    expect(asking.get_by_text(f"You asked {two.south} to take it over")).to_be_visible()

    wait_for(lambda: bool(table.incoming(two.south, 0, 1)))
    taking = people.open(two.south, "/clients", width=width)
    expect(taking.get_by_role("heading", name="1 client is waiting to move to you")).to_be_visible()
    press(taking, "See the requests")
    expect(taking.locator(".client")).to_contain_text("$12.34")
    assert_accessible(taking)
    press(taking, "Salon Rosé")
    expect(taking.get_by_text("North Agency is asking you to take over this client.")).to_be_visible()
    assert_accessible(taking)
    press(taking, button)
    expect(taking.get_by_role("status")).to_have_text("The client is now yours.")
    expect(taking.get_by_text(outcome)).to_be_visible()
    expect(taking.get_by_text("Earlier usage is charged to North Agency")).to_be_visible()
    assert_accessible(taking)
    assert accounts.get(two.client).workspace_id == two.south
    press(taking, "Salon Rosé")
    expect(taking.get_by_text("It has just moved to you.")).to_be_visible()

    press(asking, "See the move")
    expect(asking.get_by_role("heading", name=f"{two.client} has moved")).to_be_visible()
    for page in (asking, taking):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    client = people.open(two.client)
    expect(client.get_by_role("heading", name="Please save your card again")).to_be_visible()
    expect(client.get_by_text("now takes payments through another account")).to_be_visible()
    expect(client.locator(".brand")).to_contain_text("South Agency")
    assert people.complaints == []


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"to_workspace_id": "no id!"}, 422, "Use only letters and numbers"),
        ({"to_workspace_id": ""}, 422, "This field is required."),
        ({"balance": ""}, 422, "Choose what happens to the balance."),
        ({"balance": "half"}, 422, "Choose what happens to the balance."),
        ({"to_workspace_id": "own"}, 409, "The client already belongs to this workspace."),
    ],
)
def test_what_is_wrong_with_a_request_is_told_and_the_rest_is_kept(
    two: Two, typed: dict[str, str], status: int, said: str
) -> None:
    form = {"to_workspace_id": "south", "balance": "settle", "version": "0", **typed}
    form["to_workspace_id"] = two.north if form["to_workspace_id"] == "own" else form["to_workspace_id"]
    answer = two.site.enter(two.north).post(f"/clients/{two.client}/move", form)
    assert answer.status_code == status
    assert said in answer.text
    assert ('value="settle" required checked' in answer.text) == (form["balance"] == "settle")
    assert two.move is None


def test_an_unknown_workspace_is_asked_like_any_other_and_the_request_is_withdrawn(two: Two) -> None:
    visitor, path = two.site.enter(two.north), f"/clients/{two.client}/move"
    form = {"to_workspace_id": "nobody-at-all", "balance": "keep", "version": "0"}
    for _ in range(2):
        assert visitor.post(path, form).headers["Location"].endswith("/move?done=requested")
    assert "The owner of nobody-at-all can accept it until" in visitor.get(path).text
    for _ in range(2):
        assert visitor.post(f"{path}/withdraw", {"version": "1"}).headers["Location"].endswith("?done=withdrawn")
    assert "Request withdrawn." in visitor.get(f"{path}?done=withdrawn").text


def test_what_keeps_the_client_is_told_to_both_and_refuses_the_move(two: Two) -> None:
    two.ask()
    change_standing(accounts.get(two.client), StandingRequest("suspended", Line("Owes")), actor="j", catalog=catalog())
    asking = two.site.enter(two.north).get(f"/clients/{two.client}/move").text
    assert "The client is suspended or archived" in asking
    assert f"/clients/{two.client}/standing?to=active" in asking
    taking = two.site.enter(two.south)
    for path in ("/incoming-moves", f"/incoming-moves/{two.client}"):
        text = taking.get(path).text
        assert "The client is suspended or archived" in text
        assert 'value="accept"' not in text
    refused = taking.post(
        f"/incoming-moves/{two.client}", {"answer": "accept", "balance": "keep", "seen_micros": "12340000"}
    )
    assert refused.status_code == 409
    assert "Something still prevents this client from being moved" in refused.text
    assert accounts.get(two.client).workspace_id == two.north


def test_what_changed_between_page_and_click_is_told_and_nothing_is_done(two: Two) -> None:
    asking, taking = two.site.enter(two.north), two.site.enter(two.south)
    path, incoming = f"/clients/{two.client}/move", f"/incoming-moves/{two.client}"
    two.ask("settle")
    other = asking.post(path, {"to_workspace_id": "east", "balance": "keep", "version": "0"})
    stale = [
        other,
        asking.post(f"{path}/withdraw", {"version": "0"}),
        taking.post(incoming, {"answer": "decline", "version": "0"}),
        taking.post(incoming, {"answer": "accept", "balance": "keep"}),
        taking.post(incoming, {"answer": "accept"}),
    ]
    assert [each.status_code for each in stale] == [409] * 5
    assert all("Nothing was changed" in each.text and 'role="alert"' in each.text for each in stale)
    move = two.move
    assert move is not None
    assert move.state == "requested"
    chosen = taking.post(incoming, {"answer": "perhaps"})
    assert (chosen.status_code, "Please accept or decline the request." in chosen.text) == (422, True)


@pytest.mark.parametrize(
    ("how", "here", "there"),
    [
        ("withdrawn", "Withdrawn on", "North Agency withdrew its request on"),
        ("declined", "declined it on", "You declined it on"),
        ("expired", "answer by", "The request from North Agency expired on"),
    ],
)
def test_a_request_that_is_over_says_what_became_of_it_and_cannot_be_answered(
    two: Two, how: str, here: str, there: str
) -> None:
    two.ask()
    two.end(how)
    asking, taking = two.site.enter(two.north), two.site.enter(two.south)
    incoming = f"/incoming-moves/{two.client}"
    assert here in asking.get(f"/clients/{two.client}/move").text
    assert ("You asked" in asking.get(f"/clients/{two.client}").text) == (how != "withdrawn")
    refused = taking.post(incoming, {"answer": "accept", "balance": "keep"})
    assert refused.status_code == 409
    for text in (refused.text, taking.get(incoming).text):
        assert there in text
        assert "Salon" not in text
        assert "12.34" not in without_times(text)
    if how != "withdrawn":
        assert asking.post(f"/clients/{two.client}/move/withdraw", {"version": "1"}).status_code == 409
    assert accounts.get(two.client).workspace_id == two.north


def test_after_the_move_the_former_workspace_is_told_what_was_settled_and_changes_nothing(two: Two) -> None:
    two.ask("settle")
    asking, taking = two.site.enter(two.north), two.site.enter(two.south)
    incoming, path = f"/incoming-moves/{two.client}", f"/clients/{two.client}/move"
    for _ in range(2):
        accepted = {"answer": "accept", "balance": "settle", "seen_micros": "12340000"}
        assert taking.post(incoming, accepted).status_code == 303
    told = [
        asking.get(path),
        asking.post(f"{path}/withdraw", {"version": "1"}),
        asking.post(path, {"to_workspace_id": "east", "balance": "keep", "version": "2"}),
    ]
    assert [each.status_code for each in told] == [200, 409, 409]
    assert all("The balance of $12.34 was taken out of the client" in each.text for each in told)
    assert all("Salon" not in each.text for each in told)
    assert asking.get(f"/clients/{two.client}").status_code == 404
    german = two.site.enter(two.south, locale="de").get(incoming).text
    assert "Sein früherer Arbeitsbereich" in german or "Der frühere Arbeitsbereich zahlt es aus" in german
    assert "innerhalb einer Stunde" not in german
    move = two.move
    assert move is not None
    assert table.write(replace(move, is_settled=False, version=move.version + 1), over=move)
    assert "history within an hour" in taking.get(incoming).text


def test_what_goes_along_is_said_in_german(two: Two) -> None:
    two.ask("settle")
    for account, path in ((two.north, f"/clients/{two.client}/move"), (two.south, f"/incoming-moves/{two.client}")):
        text = two.site.enter(account, locale="de").get(path).text
        for said in ("seinem ganzen Verlauf", "Das Guthaben beginnt bei null", "speichert eine Karte neu"):
            assert said in text


def test_a_client_and_a_stranger_have_no_such_pages_and_a_viewer_answers_nothing(two: Two) -> None:
    move = two.ask()
    path, incoming = f"/clients/{two.client}/move", f"/incoming-moves/{two.client}"
    forms = {path: {"to_workspace_id": "x", "balance": "keep"}, incoming: {"answer": "decline", "version": "1"}}
    for account in (two.client, two.site.account(method="")):
        visitor = two.site.enter(account)
        assert {visitor.get(each).status_code for each in (path, incoming)} == {404}
        assert {visitor.post(each, form).status_code for each, form in forms.items()} == {404}
    for account, page in ((two.north, path), (two.south, incoming)):
        viewer = two.site.enter(account, role="viewer")
        assert viewer.get(page).text.count('method="post"') == 2  # to sign out, and to choose language and theme
        assert viewer.post(page, forms[page]).status_code == 403
    assert two.move == move


def test_the_list_goes_on_where_it_ends(people: People, two: Two) -> None:
    client, at_ms = accounts.get(two.client), now_ms()
    for number in range(MOST_LISTED + 2):
        account_id = f"{two.client}.{number}"
        assert accounts.create(replace(client, account_id=account_id, name=f"Salon {number}"))
        move = Move(account_id, two.north, two.south, "keep", "jane", at_ms, at_ms + VALID_MS + number)
        assert table.write(move, over=None)
    wait_for(lambda: len(table.incoming(two.south, 0, 100)) == MOST_LISTED + 2)
    page = people.open(two.south, "/clients", script=False)
    expect(page.get_by_role("heading", name="More than 25 clients are waiting to move to you")).to_be_visible()
    expect(page.get_by_text("The request for Salon 0 expires first")).to_be_visible()
    page.get_by_role("link", name="See the requests").click()
    expect(page.locator(".client")).to_have_count(MOST_LISTED)
    page.get_by_role("link", name="More requests").click()
    expect(page.locator(".client h2")).to_have_text(["Salon 25", "Salon 26"])
    page.get_by_role("link", name="Back to the first").click()
    expect(page.locator(".client")).to_have_count(MOST_LISTED)
    assert two.site.enter(two.south).get("/incoming-moves?after=soon").status_code == 422


def test_a_workspace_reads_before_and_after_accepting_what_it_lacks_itself(two: Two, site: Site) -> None:
    path = f"/incoming-moves/{two.client}"
    two.ask()
    lacking = ("have a connected Stripe account", "Your own balance is used up")
    before = site.enter(two.south).get(path).text
    assert [said for said in lacking if said not in before] == []
    accept_move(accounts.get(two.south), two.client, "keep", actor="kim", catalog=catalog())
    after = site.enter(two.south).get(path).text
    assert "Connect your Stripe account" in after
    assert "Your own balance is used up" in after
