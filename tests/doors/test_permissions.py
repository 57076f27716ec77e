"""Who may do what on every route: the tables of docs/permissions.md, and what must be so whatever they say."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.doors.callers import OPERATIONS, make_accounts, stripe_environment
from tests.doors.page_permissions import OTHERS, ROUTES, find_page_matrix, title_of
from tests.doors.permissions import FILE, Matrix, find_matrix, route_of, written
from tests.environment import use
from tests.payments.payer import STRIPE_KEYS


@pytest.fixture(scope="module")
def matrix(stack: Deployment, stripe_process: Emulator) -> Iterator[Matrix]:
    with use(stripe_environment(stripe_process), secrets=STRIPE_KEYS):
        make_accounts()
        yield find_matrix()


@pytest.fixture(scope="module")
def pages(matrix: Matrix) -> Matrix:
    return find_page_matrix()


def test_the_document_is_true_to_every_route_and_page(matrix: Matrix, pages: Matrix) -> None:
    """If it is not: `python -m tests.doors.permissions` writes it anew; look at what changes."""
    text = FILE.read_text()
    assert written(text, matrix, pages) == text


def test_every_route_is_in_a_table(matrix: Matrix) -> None:
    assert {route for table in matrix.values() for route in table} == {route_of(each) for each in OPERATIONS}


@pytest.mark.parametrize("about", ["a workspace", "a client"])
def test_nobody_and_strangers_learn_nothing_of_an_account(matrix: Matrix, about: str) -> None:
    for route, row in matrix[about].items():
        assert row["nobody"] == "401", route
        assert row["another workspace's owner"] == row["another client's owner"] == "404", route


def test_a_client_does_not_see_its_workspace(matrix: Matrix) -> None:
    for route, row in matrix["a workspace"].items():
        assert row["client's owner"] == row["client's viewer"] == "404", route


@pytest.mark.parametrize("about", ["a workspace", "a client"])
def test_who_is_below_may_no_more_than_who_is_above(matrix: Matrix, about: str) -> None:
    order = ("operator", "workspace's owner", "client's owner", "client's viewer")
    for route, row in matrix[about].items():
        for above, below in pairwise(order):
            assert row[below] != "yes" or row[above] == "yes", (route, below)


@pytest.mark.parametrize("about", ["a workspace", "a client"])
def test_viewers_change_nothing_and_producers_only_ask_for_access(matrix: Matrix, about: str) -> None:
    for route, row in matrix[about].items():
        changes = not route.startswith("GET ")
        assert not (changes and "yes" in {row["workspace's viewer"], row["client's viewer"]}), route
        assert (row["producer"] == "yes") is route.endswith("/access"), route


def test_every_route_that_is_not_of_the_api_is_in_a_table_of_pages(pages: Matrix) -> None:
    of_api = {(each.method, each.path) for each in OPERATIONS}
    assert {page for table in pages.values() for page in table} == {title_of(each) for each in {*ROUTES} - of_api}


def test_no_page_opens_without_a_session_of_its_account(pages: Matrix) -> None:
    assert {row[OTHERS] for about in ("an account", "one client") for row in pages[about].values()} == {"401"}


FORMS = {
    "GET /new-client",
    "GET /clients/{client_id}/standing",
    "GET /clients/{client_id}/credit",
    "GET /invoices/{number}/send",
}
"""Pages that are only a form."""


def test_viewers_see_what_owners_see_and_send_nothing_but_sign_out(pages: Matrix) -> None:
    for about in ("an account", "one client"):
        for page, row in pages[about].items():
            for of in ("workspace", "client"):
                viewers, owners = row[f"{of}'s viewer"], row[f"{of}'s owner"]
                is_seen = page.startswith("GET ") or page == "POST /sign-out"
                is_refused = not is_seen or (page in FORMS and owners == "yes")
                assert viewers == ("403" if is_refused else owners), page


def test_only_its_workspace_has_pages_about_a_client(pages: Matrix) -> None:
    rows = {page: row for page, row in pages["one client"].items() if " /clients/" in page}
    for page, row in rows.items():
        others = {row[name] for name in ("client's owner", "another client's owner", "another workspace's owner")}
        assert (row["workspace's owner"], others) == ("yes", {"404"}), page
