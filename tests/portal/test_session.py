"""Who comes in, for how long, and what nobody else can make them do."""

import re
from difflib import SequenceMatcher
from urllib.parse import urlsplit

import pytest
import requests

from chalicelib.clock import now_ms
from chalicelib.portal import table
from chalicelib.portal.session import IDLE_MS, LINK_MS, LONGEST_MS, Session, extended, form_token, id_of, is_form_token
from chalicelib.portal.sessions import subject_of
from chalicelib.token import Caller
from tests.amounts import without_times
from tests.portal.site import PAGES, Site, Visitor


def test_a_link_opens_a_session_once_and_leaves_no_secret_in_the_address(site: Site, account: str) -> None:
    link = site.link(account)
    answer = requests.post(link, allow_redirects=False, timeout=30)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/portal/accounts/{account}"
    session, here = answer.headers["Set-Cookie"].split(", ")
    assert re.fullmatch(rf"portal_session=[^;]+; Path=/portal/accounts/{account}; HttpOnly; SameSite=Lax", session)
    assert re.fullmatch(
        r"portal_here_[0-9a-f]{16}=[0-9a-f]{64}; Path=/portal; HttpOnly; SameSite=Lax; Max-Age=\d+", here
    )
    for again in (requests.post(link, timeout=30), requests.get(link, timeout=30)):
        assert again.status_code == 410
        assert "used anymore" in again.text
        assert "Set-Cookie" not in again.headers


@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}])
def test_whoever_only_fetches_a_link_has_not_opened_it(site: Site, account: str, headers: dict[str, str]) -> None:
    link = site.link(account)
    for _ in range(3):
        shown = requests.get(link, headers=headers, timeout=30)
        assert shown.status_code == 200
        assert f'<form method="post" action="{urlsplit(link).path}"' in shown.text
        assert ("Set-Cookie" in shown.headers) is not bool(headers)
    assert requests.post(link, allow_redirects=False, timeout=30).status_code == 303


def test_a_program_goes_on_with_the_cookie_that_came_along_and_opens_the_link_with_it(site: Site, account: str) -> None:
    link = site.link(account, page="invoices")
    first, second = (requests.get(link, timeout=30) for _ in range(2))
    assert first.headers["Location"] == f"/portal/accounts/{account}/invoices"
    goes_on, too_late = (
        Visitor(site, account, each.headers["Set-Cookie"].partition(";")[0]) for each in (first, second)
    )
    assert goes_on.get(Sec_Purpose="prefetch").status_code == 401
    assert goes_on.get().status_code == goes_on.get("/invoices").status_code == 200
    assert goes_on.post("/details", {"name": "Acme Ltd"}).status_code == 303
    assert too_late.get().status_code == 401
    assert requests.post(link, timeout=30).status_code == 410


def test_a_link_alone_is_no_session_after_it_was_opened(site: Site, account: str) -> None:
    link = site.link(account)
    requests.post(link, allow_redirects=False, timeout=30)
    secret = link.rpartition("/")[2]
    for token in (secret, f"{secret}.", f"{secret}.{secret}"):
        assert Visitor(site, account, f"portal_session={token}").get().status_code == 401


def test_where_links_lead_is_not_for_a_request_to_say(site: Site, account: str) -> None:
    headers = {
        **site.operator,
        "Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    answer = requests.post(f"{site.url}/v1/portal-sessions", json={"account_id": account}, headers=headers, timeout=30)
    assert answer.json()["url"].startswith(f"{site.url}/portal/open/")


@pytest.mark.parametrize(
    ("caller", "named", "actor"),
    [
        (Caller("operator", None, "pat@platform.example"), "kim@acme.example", "kim@acme.example"),
        (Caller("operator"), None, "owner:acme"),
        (Caller("operator"), "Operator", "owner:Operator"),
        (Caller("operator"), "stripe", "owner:stripe"),
        (Caller("operator"), " owner :rival", "owner: owner :rival"),
        (Caller("owner", "acme"), None, "owner:acme"),
        (Caller("owner", "acme"), "operator", "acme/operator"),
        (Caller("owner", "acme", "kim@acme.example"), None, "kim@acme.example"),
        (Caller("owner", "acme", "kim@acme.example"), "kim@acme.example", "kim@acme.example"),
        (Caller("owner", "acme", "kim@acme.example"), "pat@platform.example", "kim@acme.example/pat@platform.example"),
        (Caller("owner", "acme", "auto-pay"), None, "owner:auto-pay"),
    ],
)
def test_who_did_it_is_as_the_platform_says(caller: Caller, named: str | None, actor: str) -> None:
    assert Caller("owner", "acme", subject_of(caller, named)).actor_on("acme") == actor


def test_an_owner_does_nothing_in_the_operators_name(site: Site, account: str) -> None:
    token = {"Authorization": f"Bearer {site.system.token(account)}"}
    body = {"account_id": account, "subject": "operator"}
    link = requests.post(f"{site.url}/v1/portal-sessions", json=body, headers=token, timeout=30).json()["url"]
    opened = requests.post(link, allow_redirects=False, timeout=30)
    visitor = Visitor(site, account, opened.headers["Set-Cookie"].partition(";")[0])
    visitor.post("/add-balance", {"attempt": "1", "amount": "other", "other": "25", "named": "25"})
    (payment,) = site.payments(account)
    assert payment.actor == f"{account}/operator"


def test_a_link_may_lead_to_a_page_of_the_account_and_nowhere_else(site: Site, account: str) -> None:
    answer = requests.post(site.link(account, page="payments/pay_1"), allow_redirects=False, timeout=30)
    assert answer.headers["Location"] == f"/portal/accounts/{account}/payments/pay_1"
    for page in ("../other", "/plan", "https://evil.example", "plan/..", "plan?x=1", "", "plan\n", "x" * 201):
        body = {"account_id": account, "page": page}
        made = requests.post(f"{site.url}/v1/portal-sessions", json=body, headers=site.operator, timeout=30)
        assert made.status_code == 422, page


def test_a_link_that_was_not_opened_in_time_is_refused(site: Site, account: str) -> None:
    token = site.link(account).rpartition("/")[2]
    link = table.find(id_of("link", token))
    assert link is not None
    assert 0 < link.expires_at_ms - now_ms() <= LINK_MS
    table.put(Session(**{name: getattr(link, name) for name in link.__struct_fields__} | {"expires_at_ms": now_ms()}))
    assert requests.get(f"{site.url}/portal/open/{token}", timeout=30).status_code == 410
    assert requests.post(f"{site.url}/portal/open/{token}", timeout=30).status_code == 410


def test_a_link_needs_the_operator_or_an_owner_of_the_account(site: Site, account: str) -> None:
    def ask(token: str, **changes: str) -> requests.Response:
        return requests.post(
            f"{site.url}/v1/portal-sessions",
            json={"account_id": account, **changes},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )

    assert ask(site.system.token(account)).status_code == 201
    assert ask(site.system.token(account, "viewer")).status_code == 403
    assert ask(site.system.token(site.account())).status_code == 404
    for address in ("javascript:alert(1)", "https://a.example/\n", "https://a.example/'onload=", ""):
        assert ask(site.system.token(account), return_url=address).status_code == 422
    for locale in ("en\n", "xx", "en-UK"):
        assert ask(site.system.token(account), locale=locale).status_code == 422
    assert ask(site.system.token(account), subject="\u202e").status_code == 422
    assert ask("nonsense").status_code == 401


def test_nothing_is_shown_without_a_session_nor_for_another_account(site: Site, account: str) -> None:
    visitor, other = site.enter(account), site.account(balance="77.31")
    assert visitor.get().status_code == 200
    without = requests.get(visitor.home, timeout=30)
    assert without.status_code == 401
    assert "Your session has ended" in without.text
    for path in PAGES:
        stolen = requests.get(
            f"{site.url}/portal/accounts/{other}{path}", headers={"Cookie": visitor.cookie}, timeout=30
        )
        assert stolen.status_code == 401
        assert "77.31" not in without_times(stolen.text)
    assert visitor.get("/payments/pay_0").status_code == 404
    assert visitor.get("/transactions/txn_0").status_code == 404


def test_a_session_ends_by_itself_and_by_signing_out(site: Site, account: str) -> None:
    visitor = site.enter(account)
    answer = visitor.post("/sign-out", {})
    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert requests.get(site.url + answer.headers["Location"], timeout=30).ok
    assert visitor.get().status_code == 401

    visitor = site.enter(account)
    session = table.find(id_of("session", visitor.cookie.partition("=")[2]))
    assert session is not None
    table.put(Session(**{n: getattr(session, n) for n in session.__struct_fields__} | {"expires_at_ms": now_ms() - 1}))
    assert visitor.get().status_code == 401


def test_a_session_is_extended_by_use_but_not_for_ever() -> None:
    session = Session(
        session_id="s",
        account_id="acme",
        role="owner",
        subject=None,
        return_url=None,
        locale=None,
        created_at_ms=0,
        expires_at_ms=IDLE_MS,
    )
    assert extended(session, 60_000) is None
    longer = extended(session, IDLE_MS - 1)
    assert longer is not None
    assert longer.expires_at_ms == 2 * IDLE_MS - 1
    near_end = extended(session, LONGEST_MS - 1)
    assert near_end is not None
    assert near_end.expires_at_ms == LONGEST_MS


def test_the_table_holds_no_secret(site: Site, account: str) -> None:
    visitor = site.enter(account)
    secret = visitor.cookie.partition("=")[2]
    session = table.find(id_of("session", secret))
    assert session is not None
    assert secret not in repr(session)


def test_the_token_of_forms_is_another_in_each_answer_and_the_same_in_all_forms_of_one(
    site: Site, account: str
) -> None:
    visitor = site.enter(account)
    found = [re.findall(r'form_token" value="(\w+)"', visitor.get("/add-balance?attempt=1").text) for _ in range(2)]
    assert [len(set(each)) for each in found] == [1, 1]
    assert [len(each) > 1 for each in found] == [True, True]
    first, second = (each[0] for each in found)
    assert not SequenceMatcher(None, first, second).find_longest_match().size > 16
    for token in (first, second, first):
        assert visitor.post("/details", {"name": "Acme"}, token).status_code == 303


def test_a_form_token_is_taken_for_its_own_session_alone_and_unchanged() -> None:
    sent = form_token("secret")
    assert is_form_token(sent, "secret")
    assert not is_form_token(sent, "another secret")
    flipped = sent[:-1] + ("0" if sent[-1] != "0" else "1")
    pad, _hidden = sent[:64], sent[64:]
    for wrong in ("", flipped, flipped[::-1], sent[:-2], sent + "00", pad + pad, "g" * 128, "٣" * 128, f"{sent}\n"):
        assert not is_form_token(wrong, "secret"), wrong


def test_a_viewer_sees_all_and_changes_nothing(site: Site, account: str) -> None:
    visitor = site.enter(account, role="viewer", subject="kim@acme.example")
    assert visitor.get("/new-client").status_code == 403
    assert "new-client" not in visitor.get("/clients").text
    for path in set(PAGES) - {"/new-client"}:
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert "only the account" in answer.text
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', answer.text)
        assert {form.rpartition("/")[2] for form in forms} == {"sign-out", "display"}
    token = re.search(r'form_token" value="(\w+)"', visitor.get().text)
    assert token is not None
    for path in ("/details", "/add-balance", "/auto-pay", "/card/setup", "/card/remove", "/plan", "/plan/cancel"):
        assert visitor.post(path, {"amount": "25", "plan": "agency"}, token[1]).status_code == 403, path
    assert site.payments(account) == []
    assert visitor.post("/sign-out", {}, token[1]).status_code == 303


def test_whoever_comes_without_a_link_is_told_where_to_go(site: Site) -> None:
    answer = requests.get(f"{site.url}/portal", timeout=30)
    assert answer.status_code == 200
    assert "Open Billing from your account" in answer.text
    assert urlsplit(answer.url).path == "/portal"
