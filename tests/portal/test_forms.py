"""Forms: whose they are, and what may be in them."""

from urllib.parse import quote

import pytest

from chalicelib.accounts import table as accounts
from tests.portal.site import Site


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
    ("fields", "status"), [({"name": "x" * 65_536}, 413), ({f"field-{number}": "1" for number in range(1_100)}, 422)]
)
def test_a_form_that_no_page_can_have_made_is_refused(
    site: Site, account: str, fields: dict[str, str], status: int
) -> None:
    assert site.enter(account).post("/details", fields).status_code == status
    assert accounts.get(account).billing_details is None


def test_a_day_of_any_kind_has_a_page(site: Site, account: str) -> None:
    visitor = site.enter(account)
    for day in ("0001-01-01", "1970-06-01", "9999-12-31", "9998-12-30", "2026-02-31", "\x00"):
        for path in ("/history", "/history/csv", "/history/search"):
            for name in ("from", "to", "until"):
                assert visitor.get(f"{path}?q=x&{name}={quote(day)}").status_code < 500, (path, name, day)


def test_a_form_with_a_value_of_any_kind_has_a_page(site: Site, account: str) -> None:
    visitor = site.enter(account)
    token = visitor.form_token()
    for text in ("", "\x00", "../customers", "seti_1\n", "seti_1?x=1", "é", "9" * 5_000):
        fields = dict.fromkeys(("setup_intent_id", "amount", "other", "threshold", "monthly_limit", "attempt"), text)
        for path in ("/card", "/auto-pay", "/add-balance", "/details", "/plan"):
            assert visitor.post(path, fields, token).status_code < 500, (path, text)


def test_an_address_that_nothing_can_have_is_not_found(site: Site, account: str) -> None:
    answer = site.enter(account).get(f"/payments/{'x' * 3_000}")
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_a_form_of_another_session_is_refused(site: Site, account: str) -> None:
    other = site.enter(account).form_token()
    assert site.enter(account).post("/details", {"name": "Mallory"}, other).status_code == 403
