"""Whatever is asked for with an Idempotency-Key is done once, and every repeat of it is answered as the first was."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from chalicelib.api import BLUEPRINTS
from chalicelib.subscriptions.subscription import Contents
from tests.api import Api, problem
from tests.repeats.operations import CASES, Case, effects
from tests.subscriptions.world import RenewalWorld, Subscriber

AT_ONCE = 32
DECLARED = {each.name for blueprint in BLUEPRINTS for each in blueprint.operations if each.idempotent}

NewSubscriber = Callable[..., Subscriber]


def send(api: Api, case: Case, url: str, key: str = "once") -> requests.Response:
    return api.call(case.method, url, case.body, Idempotency_Key=key)


def said(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


@pytest.fixture
def me(case: Case, new_subscriber: NewSubscriber, world: RenewalWorld) -> Subscriber:
    made = new_subscriber()
    case.before(made, world)
    if case.card:
        made.put_test_card(case.card)
    return made


def test_no_operation_that_takes_a_key_is_left_out() -> None:
    assert {case.operation for case in CASES} == DECLARED


@pytest.mark.parametrize("case", CASES, ids=str)
def test_many_at_once_have_one_effect_and_one_answer(case: Case, me: Subscriber, api: Api) -> None:
    url = case.url(me)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: said(send(api, case, url)), range(AT_ONCE)))
    assert {status for status, _ in answers} == {case.status}, answers
    assert len(set(answers)) == 1
    once = effects(me)
    assert said(send(api, case, url)) == answers[0]
    assert effects(me) == once


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_repeat_is_answered_as_the_first_when_the_state_has_moved_on(
    case: Case, me: Subscriber, api: Api, world: RenewalWorld
) -> None:
    url = case.url(me)
    first = said(send(api, case, url))
    assert first[0] == case.status, first
    assert said(send(api, case, url)) == first
    case.after(me, world)
    moved = effects(me)
    assert said(send(api, case, url)) == first
    assert effects(me) == moved


@pytest.mark.parametrize("case", [case for case in CASES if case.body], ids=str)
def test_the_key_is_used_up_for_anything_else(case: Case, me: Subscriber, api: Api) -> None:
    url = case.url(me)
    send(api, case, url)
    once = effects(me)
    others = {"plan": "agency_yearly", "reason": "other", "amount": "20", "to": "other@bakery.example"}
    other = {**case.body, **next({name: others[name]} for name in others if name in case.body)}
    problem(api.call(case.method, url, other, Idempotency_Key="once"), 409, "idempotency-conflict")
    assert effects(me) == once


def test_a_key_that_kept_the_add_ons_does_not_stand_for_having_none(api: Api, subscriber: Subscriber) -> None:
    subscriber.put("agency", phone_number=40)
    url = f"/v1/accounts/{subscriber.account_id}/subscription"
    assert api.put(url, {"plan": "agency"}, Idempotency_Key="k").status_code == 200
    problem(api.put(url, {"plan": "agency", "add_ons": {}}, Idempotency_Key="k"), 409, "idempotency-conflict")
    assert subscriber.subscription.scheduled is None


def test_a_free_change_that_was_made_and_never_answered_is_not_made_again(subscriber: Subscriber) -> None:
    subscriber.put("agency", phone_number=40)
    subscriber.put("agency", "unanswered", phone_number=30)
    subscriber.put("agency", phone_number=35)
    again = subscriber.put("agency", "unanswered", phone_number=30)
    assert again.subscription == subscriber.subscription
    assert subscriber.subscription.scheduled == Contents("agency", {"phone_number": 35})


def test_a_preview_uses_no_key_up(api: Api, subscriber: Subscriber) -> None:
    url = f"/v1/accounts/{subscriber.account_id}/subscription"
    for plan in ("starter", "agency"):
        assert api.put(f"{url}?preview=true", {"plan": plan}, Idempotency_Key="k").status_code == 200
    assert api.put(url, {"plan": "agency"}, Idempotency_Key="k").json()["preview"] is False
