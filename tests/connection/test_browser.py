"""Whoever comes back from Stripe is whoever was sent there: both ways, begun in the portal or through the API."""

import pytest

from chalicelib import clock
from chalicelib.clock import now_ms
from chalicelib.connection.browser import browser_of, is_browser, new_secret
from chalicelib.connection.finish_connection import finish_connection, finish_onboarding
from chalicelib.connection.refusals import OtherBrowser, StateInvalid, StateUsed
from chalicelib.connection.start_connection import find_start, open_start, renew_link
from chalicelib.connection.state import START_MS
from local.stripe_emulator.client import Emulator
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner, query_of


def test_a_browser_is_told_by_its_secret_and_named_by_what_gives_nothing_away() -> None:
    secret, other = new_secret(), new_secret()
    browser = browser_of(secret)
    assert secret not in browser
    assert is_browser(browser, [other, secret])
    for found in ([], [other], [""], [browser], [secret[:-1]], ["é"]):
        assert not is_browser(browser, found)


def test_another_browser_finishes_nothing_and_uses_up_nothing(owner: Owner, new_owner: NewOwner) -> None:
    back = owner.approve(owner.start())
    stranger = new_owner()
    stranger.start()  # the cookie of another attempt
    for secrets in ([], [""], stranger.secrets, [browser_of(owner.secrets[0])]):
        with pytest.raises(OtherBrowser, match="another browser"):
            finish_connection(back["state"], secrets, code=back["code"])
    assert (owner.connection.state, stranger.connection.state) == ("none", "none")
    assert finish_connection(back["state"], owner.secrets, code=back["code"]).state == "active"


def test_two_attempts_in_one_browser_do_not_disturb_each_other(owner: Owner) -> None:
    first = owner.approve(owner.start())
    owner.start()
    assert finish_connection(first["state"], owner.secrets, code=first["code"]).state == "active"


def test_another_browser_is_neither_shown_an_onboarding_nor_led_into_it(owner: Owner, emulator: Emulator) -> None:
    state = query_of(emulator.onboard(owner.start("onboarding"), "save"))["state"]
    for use_state in (finish_onboarding, renew_link):
        with pytest.raises(OtherBrowser):
            use_state(state, [new_secret()])
    assert renew_link(state, owner.secrets).url


@pytest.mark.parametrize("way", ["oauth", "onboarding"])
def test_an_address_of_the_api_is_bound_to_the_first_browser_that_opens_it(
    owner: Owner, emulator: Emulator, way: str
) -> None:
    start = owner.start_by_api("oauth" if way == "oauth" else "onboarding")
    assert find_start(start)[1] == owner.account
    secret = new_secret()
    url = open_start(start, browser_of(secret)).url
    with pytest.raises(StateUsed):
        open_start(start, browser_of(new_secret()))
    back = query_of(emulator.answer_oauth(url) if way == "oauth" else emulator.onboard(url))
    with pytest.raises(OtherBrowser):
        finish(way, back, [new_secret()])
    assert finish(way, back, [secret]) == ("active", "ann")


def finish(way: str, back: dict[str, str], secrets: list[str]) -> tuple[str, str | None]:
    if way == "oauth":
        connection = finish_connection(back["state"], secrets, code=back["code"])
    else:
        connection = finish_onboarding(back["state"], secrets)
    return connection.state, connection.connected_by


def test_an_address_of_the_api_expires_and_finishes_nothing_by_itself(owner: Owner) -> None:
    start, bound = owner.start_by_api(), query_of(owner.start())["state"]
    with pytest.raises(StateInvalid, match="another way"):
        finish_connection(start, owner.secrets, code="ac_1")
    with pytest.raises(StateInvalid, match="not the one that begins"):
        open_start(bound, browser_of(new_secret()))
    with clock.moved_to(clock.from_ms(now_ms() + START_MS)), pytest.raises(StateInvalid, match="expired"):
        open_start(start, browser_of(new_secret()))
