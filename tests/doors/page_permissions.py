"""Who may open which page of the portal and send which form, found by asking for each as everybody.

The pages are all routes of the app that are no operations of the API, so none can be missing. Sessions belong to one
account each; tokens of the API open no page.
"""

import re
from functools import cache
from typing import Final
from urllib.parse import urlencode

from app import app
from chalicelib.portal.routes import HOME, PAGES, WITH_PAGE
from chalicelib.token import Caller
from tests.doors import declared
from tests.doors.callers import CALLERS, CLIENT, OPERATIONS, SIBLING, STRANGER, WORKSPACE, bearer
from tests.doors.gateway import Answer, Request, send
from tests.doors.pages import names_read
from tests.doors.world import enter

LEADING: Final = {("GET", HOME + path) for _, path, _ in PAGES if path not in WITH_PAGE}
"""The addresses of forms, which lead anybody to the page with the form."""

ROUTES: Final = [
    (method, path)
    for path, methods in app.routes.items()
    for method in methods
    if method != "HEAD" and (method, path) not in LEADING
]
OF_API: Final = {(each.method, each.path) for each in OPERATIONS}
OPEN: Final = [each for each in ROUTES if each not in OF_API and not each[1].startswith(HOME)]
OF_ACCOUNTS: Final = [each for each in ROUTES if each[1].startswith(HOME)]

_VIEWS: Final = {(method, HOME + path): view for method, path, view in PAGES}
_NAMES: Final = {"number": "1", "proxy": "nothing"}
_FILES: Final = {"static": "portal-0.css", "brand": "24405f.css", "logo": "operator.svg"}
_HEADING: Final = re.compile(r"<h1>(.*?)</h1>")

OWN: Final = {"workspace": WORKSPACE, "client": CLIENT}
OTHERS: Final = "operator, producer, another account's session, none"

Row = dict[str, str]
"""What each caller gets."""

PageMatrix = dict[str, dict[str, Row]]
"""What each caller gets of each page, by what the page is about."""


def names_a_client(route: tuple[str, str]) -> bool:
    """Tell whether a page is about one client, which its path or its form names."""
    method, path = route
    return "{client_id}" in path or (method == "POST" and "client" in names_read(_VIEWS[route]))


def find_page_matrix() -> PageMatrix:
    """Ask for every page as everybody."""
    _visitor.cache_clear()
    return {
        "an account": {title_of(each): _row(each) for each in OF_ACCOUNTS if not names_a_client(each)},
        "one client": {title_of(each): _row_of_client(each) for each in OF_ACCOUNTS if names_a_client(each)},
        "no account": {title_of(each): _row_of_open(each) for each in OPEN},
    }


def title_of(route: tuple[str, str]) -> str:
    """Return how a page is named: by its path below the account's home."""
    method, path = route
    return f"{method} {path.removeprefix(HOME) or '/'}"


def _row(route: tuple[str, str]) -> Row:
    """Return what each gets of a page of its own account, and all others of it."""
    own = {name: caller for name, caller in CALLERS.items() if caller and caller.account_id in OWN.values()}
    others = {
        outcome(ask(route, account_id, caller))
        for account_id in OWN.values()
        for caller in CALLERS.values()
        if caller is None or caller.account_id != account_id
    }
    return {**{name: _at_home(route, caller) for name, caller in own.items()}, OTHERS: ", ".join(sorted(others))}


def _row_of_client(route: tuple[str, str]) -> Row:
    """Return what each gets of a page of its own account about the one client, and all others of it."""
    strangers = {
        name: _at_home(route, caller)
        for name, caller in CALLERS.items()
        if caller and caller.account_id in {STRANGER, SIBLING}
    }
    *own, others = _row(route).items()
    return {**dict(own), **strangers, **dict([others])}


def _at_home(route: tuple[str, str], caller: Caller) -> str:
    return outcome(ask(route, str(caller.account_id), caller))


def _row_of_open(route: tuple[str, str]) -> Row:
    return {"everybody": ", ".join({outcome(ask(route, CLIENT, caller)) for caller in CALLERS.values()})}


def ask(route: tuple[str, str], account_id: str, caller: Caller | None) -> Answer:
    """Ask for a page, or send its form with no more in it than it takes to be told apart."""
    method, path = route
    given = {**_NAMES, "account_id": account_id, "client_id": CLIENT}
    names = {name: given.get(name, "nothing") for name in [*declared.PATH_NAME.findall(path), "proxy"]}
    names["name"] = _FILES.get(path.rpartition("/{name}")[0].rpartition("/")[2], "nothing")
    fields = {"client": CLIENT, "to": "suspended"}
    headers, token = _signed_in(caller)
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    form = urlencode({**fields, "form_token": token}).encode()
    in_query, in_body = (fields, b"") if method == "GET" else ({}, form)
    answer = send(Request(method, path, names, in_query, headers, in_body))
    if path.endswith("/sign-out"):
        _visitor.cache_clear()
    return answer


def _signed_in(caller: Caller | None) -> tuple[dict[str, str], str]:
    """Return the headers of somebody with a session, if there are any for the caller, and the token of its forms."""
    if caller is None:
        return {}, ""
    if caller.account_id is None:
        return {"Authorization": bearer(caller)}, ""
    visitor = _visitor(caller.account_id, "viewer" if caller.role == "viewer" else "owner")
    return {"Cookie": visitor.cookie}, visitor.form_token


_visitor = cache(enter)


def outcome(answer: Answer) -> str:
    """Return `yes` if the caller may, else the status with which it is refused."""
    assert answer.status < 500, answer.text
    found = _HEADING.search(answer.text)
    heading = found[1] if found else ""
    assert heading != "This form is out of date"
    refused = answer.status in {401, 403} or (answer.status == 404 and heading == "Page not found")
    return str(answer.status) if refused else "yes"
