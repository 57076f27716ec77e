"""Who gets which mails, over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api import Api, problem

ON = {
    "low_balance": True,
    "balance_exhausted": True,
    "budget_reached": True,
    "auto_pay_failed": True,
    "auto_pay_suspended": True,
    "card_expiring": True,
    "verification_needed": True,
    "subscription_past_due": True,
    "renewal_upcoming": True,
    "trial_ending": True,
    "auto_pay_limit": True,
    "dispute_opened": True,
    "receipt": True,
}
DEFAULT = {
    "recipients": None,
    "sent_to": ["billing@acme.example"],
    "low_balance_threshold": None,
    "default_low_balance_threshold": "10.00",
    "currency": "usd",
    "mails": ON,
}


def test_without_a_choice_the_billing_contact_gets_everything(api: Api) -> None:
    api.make_account("default")
    answer = api.get("/v1/accounts/default/notices")
    assert answer.json() == DEFAULT
    api.make_account("default", billing_details={"email": "books@acme.example"})
    assert api.get("/v1/accounts/default/notices").json()["sent_to"] == ["books@acme.example"]


def test_a_choice_is_kept_what_is_left_out_stays_and_null_is_as_if_never_chosen(api: Api) -> None:
    path = f"/v1/accounts/{api.make_account('choosing')}/notices"
    chosen = {"recipients": ["a@acme.example", "b@acme.example"], "mails": {"receipt": False}}
    answer = api.put(path, chosen, token=api.token("owner", "choosing"))
    assert answer.status_code == 200
    recipients = chosen["recipients"]
    assert answer.json() == {
        **DEFAULT,
        "recipients": recipients,
        "sent_to": recipients,
        "mails": {**ON, "receipt": False},
    }
    assert api.get(path, token=api.token("viewer", "choosing")).json() == answer.json()
    assert api.put(path, {}).json() == answer.json()
    other = api.put(path, {"mails": {"low_balance": False}}).json()
    assert other == {**answer.json(), "mails": {**ON, "receipt": False, "low_balance": False}}
    assert api.put(path, {"mails": {"receipt": None}}).json()["mails"] == {**ON, "low_balance": False}
    assert api.put(path, {"recipients": None}).json()["sent_to"] == ["billing@acme.example"]
    assert api.put(path, {"mails": None}).json() == api.get(path).json()
    assert api.get(path).json() == DEFAULT


def test_an_amount_below_which_the_balance_is_low_is_kept_until_null_resets_it(api: Api) -> None:
    path = f"/v1/accounts/{api.make_account('saving')}/notices"
    assert api.put(path, {"low_balance_threshold": "25"}).json() == {**DEFAULT, "low_balance_threshold": "25.00"}
    assert api.put(path, {"mails": {"receipt": True}}).json()["low_balance_threshold"] == "25.00"
    assert api.put(path, {"low_balance_threshold": None}).json() == DEFAULT


@pytest.mark.parametrize("amount", ["0", "0.00", "25.005"])
def test_an_amount_that_no_balance_can_be_below_is_refused(api: Api, amount: str) -> None:
    path = f"/v1/accounts/{api.make_account('odd')}/notices"
    refused = problem(api.put(path, {"low_balance_threshold": amount}), 422, "low-balance-invalid")
    assert refused["field"] == "low_balance_threshold"
    assert api.get(path).json() == DEFAULT


def test_those_who_choose_at_once_lose_nothing(api: Api) -> None:
    path = f"/v1/accounts/{api.make_account('crowded')}/notices"
    with ThreadPoolExecutor(len(ON)) as pool:
        answers = list(pool.map(lambda kind: api.put(path, {"mails": {kind: False}}), ON))
    assert [answer.status_code for answer in answers] == [200] * len(ON)
    assert set(api.get(path).json()["mails"].values()) == {False}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"recipients": []}, "recipients"),
        ({"recipients": ["a@acme.example"] * 11}, "recipients"),
        ({"recipients": ["nobody"]}, "recipients[0]"),
        ({"recipients": ["a@acme.example", "kim@acme"]}, "recipients[1]"),
        ({"recipients": ["a@acme.example\n"]}, "recipients[0]"),
        ({"recipients": ["Ann <a@acme.example>"]}, "recipients[0]"),
        ({"recipients": ["a@acme.example,b@acme.example"]}, "recipients[0]"),
        ({"low_balance_threshold": "-5"}, "low_balance_threshold"),
        ({"low_balance_threshold": 5}, "low_balance_threshold"),
        ({"mails": {"receipt": "no"}}, "mails.receipt"),
        ({"mails": {"spam": True}}, "mails.spam"),
        ({"to": "a@acme.example"}, "to"),
    ],
)
def test_a_choice_that_breaks_a_rule_is_refused(api: Api, body: Any, field: str) -> None:
    path = f"/v1/accounts/{api.make_account('strict')}/notices"
    assert problem(api.put(path, body), 422, "invalid-request")["field"] == field


def test_only_who_acts_for_an_account_chooses(api: Api) -> None:
    path = f"/v1/accounts/{api.make_account('agency')}/notices"
    client = f"/v1/accounts/{api.make_account('client', kind='client', workspace_id='agency')}/notices"
    api.make_account("stranger")
    problem(api.put(path, {}, token=api.token("viewer", "agency")), 403, "forbidden")
    problem(api.put(path, {}, token=api.token("owner", "stranger")), 404, "account-not-found")
    problem(api.get(path, token=api.token("owner", "stranger")), 404, "account-not-found")
    problem(api.get(path, token=api.token("owner", "client")), 404, "account-not-found")
    problem(api.get(path, token=""), 401, "unauthorized")
    assert api.put(client, {}, token=api.token("owner", "agency")).status_code == 200
