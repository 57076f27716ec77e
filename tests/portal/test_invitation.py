"""An invitation opens once, for a week, and only while it is the newest; a client gets a few an hour."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.accounts.account import BillingDetails
from chalicelib.portal.invitation import (
    HOUR_MS,
    MOST_AN_HOUR,
    VALID_MS,
    Invitation,
    InvitationExpired,
    InvitationOpened,
    InvitationReplaced,
    InvitationUnusable,
    InvitationVoid,
    TooManyInvitations,
    check_usable,
    next_invitation,
    session_of_invitation,
    state_of,
)
from chalicelib.portal.session import id_of
from tests.build import account

NOW_MS = 1_790_000_000_000
BOB = replace(account("acme.bob", workspace_id="acme"), email="bob@bob.example")


def made(newest: list[Invitation], now_ms: int = NOW_MS) -> Invitation:
    return next_invitation(newest, BOB, secret="s", sent_to="bob@bob.example", actor="kim", now_ms=now_ms)


def test_the_first_one_is_valid_for_a_week_and_holds_only_a_hash() -> None:
    first = made([])
    assert (first.number, first.expires_at_ms) == (1, NOW_MS + 7 * 24 * HOUR_MS)
    assert first.secret_hash == id_of("invitation", "s")
    check_usable(first, BOB, 1, NOW_MS + VALID_MS - 1)


def test_the_fourth_within_an_hour_is_refused_with_the_time_when_it_can_be_sent() -> None:
    sent: list[Invitation] = []
    for minute in range(MOST_AN_HOUR):
        sent.insert(0, made(sent, NOW_MS + minute * 60_000))
    with pytest.raises(TooManyInvitations) as refused:
        made(sent, NOW_MS + HOUR_MS - 1_500)
    assert refused.value.headers == {"Retry-After": "2"}
    assert made(sent, NOW_MS + HOUR_MS).number == MOST_AN_HOUR + 1


@pytest.mark.parametrize(
    ("changes", "newest", "later_ms", "why"),
    [
        ({"opened_at_ms": NOW_MS}, 1, 0, InvitationOpened),
        ({"opened_at_ms": NOW_MS}, 2, VALID_MS, InvitationOpened),
        ({}, 2, 0, InvitationReplaced),
        ({}, 1, VALID_MS, InvitationExpired),
    ],
)
def test_one_that_cannot_be_opened_says_why(
    changes: dict[str, int], newest: int, later_ms: int, why: type[InvitationUnusable]
) -> None:
    with pytest.raises(why):
        check_usable(replace(made([]), **changes), BOB, newest, NOW_MS + later_ms)


@pytest.mark.parametrize(
    "changes",
    [
        {"workspace_id": "south"},
        {"email": "mary@bob.example"},
        {"email": "bob@bob.exämple..com"},
        {"billing_details": BillingDetails(email="books@bob.example")},
    ],
)
def test_one_that_was_made_for_another_contact_or_workspace_is_void(changes: dict[str, Any]) -> None:
    client = replace(BOB, **changes)
    with pytest.raises(InvitationVoid):
        check_usable(made([]), client, 1, NOW_MS)
    assert state_of(made([]), client, 1, NOW_MS) == "void"
    check_usable(made([]), replace(BOB, name="Bob's", billing_details=BillingDetails(name="Bob")), 1, NOW_MS)


def test_a_mail_that_nobody_confirmed_is_shown_as_such_and_its_link_works() -> None:
    first = made([])
    assert state_of(first, BOB, 1, NOW_MS) == "unconfirmed"
    check_usable(first, BOB, 1, NOW_MS)
    assert state_of(replace(first, sent_at_ms=NOW_MS), BOB, 1, NOW_MS) == "sent"


def test_it_opens_a_session_as_the_clients_owner_and_nothing_more() -> None:
    caller = session_of_invitation(made([]), "token", NOW_MS).caller
    assert (caller.role, caller.account_id, caller.actor_on("acme.bob")) == ("owner", "acme.bob", "bob@bob.example")
