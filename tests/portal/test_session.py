"""Who comes in, for how long, and what nobody else can make them do."""

import re
from urllib.parse import quote, urlsplit

import pytest
import requests

from chalicelib.accounts import table as accounts
from chalicelib.clock import now_ms
from chalicelib.portal import table
from chalicelib.portal.enter import subject_of
from chalicelib.portal.session import IDLE_MS, LINK_MS, LONGEST_MS, Session, extended, form_token, id_of, is_form_token
from chalicelib.token import Caller
from tests.portal.site import Site, Visitor

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
PAGES = (
    *("", "/add-balance?attempt=1", "/card", "/auto-pay", "/history", "/history/csv", "/invoices", "/details", "/plan"),
    *("/plan/preview?plan=agency", "/history/search?q=nothing"),
)


@pytest.fixture
def account(site: Site) -> str:
    return site.account(balance="40")


def test_a_link_opens_a_session_once_and_leaves_no_secret_in_the_address(site: Site, account: str) -> None:
    link = site.link(account)
    answer = requests.post(link, allow_redirects=False, timeout=30)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/portal/accounts/{account}"
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    assert name == "portal_session"
    assert rest.endswith(f"; Path=/portal/accounts/{account}; HttpOnly; SameSite=Lax")
    for again in (requests.post(link, timeout=30), requests.get(link, timeout=30)):
        assert again.status_code == 410
        assert "This link cannot be opened any more" in again.text
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
    assert Caller("owner", "acme", subject_of(caller, named)).actor == actor


def test_an_owner_does_nothing_in_the_operators_name(site: Site, account: str) -> None:
    token = {"Authorization": f"Bearer {site.system.token(account)}"}
    body = {"account_id": account, "subject": "operator"}
    link = requests.post(f"{site.url}/v1/portal-sessions", json=body, headers=token, timeout=30).json()["url"]
    opened = requests.post(link, allow_redirects=False, timeout=30)
    visitor = Visitor(site, account, opened.headers["Set-Cookie"].partition(";")[0])
    visitor.post("/add-balance", {"attempt": "1", "amount": "other", "other": "25"})
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
    link = table.take(id_of("link", token))
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
        assert "77.31" not in stolen.text
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
    assert form_token(secret) not in repr(session)
    assert is_form_token(form_token(secret), secret)
    assert not is_form_token("", secret)


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("0" * 64, {}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": "null"}),
        (None, {"Sec_Fetch_Site": "cross-site"}),
    ],
)
def test_a_form_that_this_session_did_not_make_changes_nothing(
    site: Site, account: str, token: str | None, headers: dict[str, str]
) -> None:
    visitor = site.enter(account)
    answer = visitor.post("/details", {"name": "Mallory"}, token, **headers)
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert accounts.get(account).billing_details is None


@pytest.mark.parametrize(
    ("fields", "status"), [({"name": "x" * 65_536}, 413), ({f"field-{number}": "1" for number in range(300)}, 422)]
)
def test_a_form_that_no_page_can_have_made_is_refused(
    site: Site, account: str, fields: dict[str, str], status: int
) -> None:
    assert site.enter(account).post("/details", fields).status_code == status
    assert accounts.get(account).billing_details is None


@pytest.mark.parametrize("day", ["0001-01-01", "1970-06-01", "9999-12-31", "9998-12-30", "2026-02-31", "\x00"])
def test_a_day_of_any_kind_has_a_page(site: Site, account: str, day: str) -> None:
    visitor = site.enter(account)
    for path in ("/history", "/history/csv", "/history/search"):
        for name in ("from", "to", "until"):
            assert visitor.get(f"{path}?q=x&{name}={quote(day)}").status_code < 500, (path, name)


@pytest.mark.parametrize("text", ["", "\x00", "../customers", "seti_1\n", "seti_1?x=1", "é", "9" * 5_000])
def test_a_form_with_a_value_of_any_kind_has_a_page(site: Site, account: str, text: str) -> None:
    visitor = site.enter(account)
    fields = dict.fromkeys(("setup_intent_id", "amount", "other", "threshold", "monthly_limit", "attempt"), text)
    for path in ("/card", "/auto-pay", "/add-balance", "/details", "/plan"):
        assert visitor.post(path, fields).status_code < 500, path


def test_an_address_that_nothing_can_have_is_not_found(site: Site, account: str) -> None:
    answer = site.enter(account).get(f"/payments/{'x' * 3_000}")
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_a_form_of_another_session_is_refused(site: Site, account: str) -> None:
    other = site.enter(account).form_token()
    assert site.enter(account).post("/details", {"name": "Mallory"}, other).status_code == 403


def test_a_viewer_sees_all_and_changes_nothing(site: Site, account: str) -> None:
    visitor = site.enter(account, role="viewer", subject="kim@acme.example")
    for path in PAGES:
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert "Only the account" in answer.text
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', answer.text)
        assert {form.rpartition("/")[2] for form in forms} == {"sign-out"}
    token = re.search(r'form_token" value="(\w+)"', visitor.get().text)
    assert token is not None
    for path in ("/details", "/add-balance", "/auto-pay", "/card/setup", "/card/remove", "/plan", "/plan/cancel"):
        assert visitor.post(path, {"amount": "25", "plan": "agency"}, token[1]).status_code == 403, path
    assert site.payments(account) == []
    assert visitor.post("/sign-out", {}, token[1]).status_code == 303


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_strict_policy_and_nothing_inline(site: Site, account: str, path: str) -> None:
    answer = site.enter(account).get(path)
    assert answer.status_code == 200
    assert not INLINE.search(answer.text)
    policy = dict(part.partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split("; "))
    has_card_fields = path == "/card"
    stripe = f" {site.system.stripe_url}" if has_card_fields else ""
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self'{stripe}"
    assert policy["style-src"] == "'self'"
    assert ("frame-src" in policy) == has_card_fields
    assert policy["form-action"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_links_to_elsewhere_take_nothing_along(site: Site, account: str) -> None:
    text = site.enter(account).get().text
    for tag in re.findall(r"<a [^>]*href=\"http[^>]*>", text):
        assert 'rel="noreferrer"' in tag or 'rel="noopener noreferrer"' in tag


def test_files_have_names_that_may_be_kept_for_ever(site: Site, account: str) -> None:
    text = site.enter(account).get().text
    names = re.findall(r'(?:href|src)="(/portal/(?:static|brand)/[^"]+)"', text)
    assert len(names) == 4
    for name in names:
        answer = requests.get(site.url + name, timeout=30)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    other = re.sub(r"-[0-9a-f]{12}\.css", "-000000000000.css", next(name for name in names if "static/portal-" in name))
    assert requests.get(site.url + other, timeout=30).headers["Cache-Control"] == "no-store"
    assert requests.get(f"{site.url}/portal/static/../session.py", timeout=30).status_code in {403, 404}
    assert requests.get(f"{site.url}/portal/brand/zzz.css", timeout=30).status_code == 404
    assert requests.get(f"{site.url}/portal/logo/{'0' * 64}.svg", timeout=30).status_code == 404


def test_whoever_comes_without_a_link_is_told_where_to_go(site: Site) -> None:
    answer = requests.get(f"{site.url}/portal", timeout=30)
    assert answer.status_code == 200
    assert "Open Billing from your account" in answer.text
    assert urlsplit(answer.url).path == "/portal"
