"""A connection's rules: which state follows, what is said of it, what stays after it was broken."""

from typing import get_args

import pytest
import stripe
from msgspec.structs import replace

from chalicelib.connection.connection import (
    MOST_EARLIER,
    AccountFacts,
    Connection,
    connected,
    disconnected,
    pays_on,
    state_of,
    with_facts,
)
from chalicelib.connection.disabled_reasons import DISABLED_REASONS, UNKNOWN, explain_disabled
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.stripe_api.stripe_account import StripeAccount

NOTHING = AccountFacts(charges_enabled=False, details_submitted=False)
READY = AccountFacts(charges_enabled=True, details_submitted=True)


def facts(reason: str | None = None, *, submitted: bool = True) -> AccountFacts:
    return AccountFacts(charges_enabled=False, details_submitted=submitted, disabled_reason=reason)


def connect(before: Connection, account: str, said: AccountFacts = READY) -> Connection:
    return connected(before, account, "oauth", said, livemode=False, platform_id=None, by="ann", now_ms=1)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (READY, "active"),
        (NOTHING, "onboarding"),
        (facts("requirements.past_due", submitted=False), "onboarding"),
        (facts("rejected.fraud", submitted=False), "restricted"),
        (facts(), "restricted"),
        (facts("under_review"), "restricted"),
        (AccountFacts(charges_enabled=True, details_submitted=False), "active"),
    ],
)
def test_the_state_follows_from_what_stripe_says(said: AccountFacts, state: str) -> None:
    assert state_of(said) == state


def test_every_reason_that_stripe_publishes_has_its_sentence() -> None:
    annotation = stripe.Account.Requirements.__annotations__["disabled_reason"]
    (published,) = [get_args(each) for each in get_args(annotation) if get_args(each)]
    assert len(published) == 15
    assert set(DISABLED_REASONS) == set(published)
    assert len(set(DISABLED_REASONS.values())) == 15
    assert all(text.endswith(".") for text in DISABLED_REASONS.values())
    assert explain_disabled("a_reason_of_next_year") == explain_disabled(None) == UNKNOWN


def test_a_disconnected_account_stays_readable_and_facts_do_not_revive_it() -> None:
    made = connect(Connection(workspace_id="acme"), "acct_1")
    ended = disconnected(made, by="ann", access_revoked=True, now_ms=2)
    assert (ended.state, ended.stripe_account_id, ended.disconnected_by) == ("disconnected", "acct_1", "ann")
    assert with_facts(ended, READY, 3) == ended
    assert disconnected(ended, by="stripe", access_revoked=True, now_ms=4) == ended


def test_a_break_that_stripe_was_not_told_of_says_so_until_it_is() -> None:
    made = connect(Connection(workspace_id="acme"), "acct_1")
    ended = disconnected(made, by="ann", access_revoked=False, now_ms=2)
    told = disconnected(ended, by="bob", access_revoked=True, now_ms=3)
    assert ended.sentence != told.sentence
    assert (told.disconnected_by, told.disconnected_at_ms) == ("ann", 2)


def test_earlier_accounts_are_remembered_once_newest_first() -> None:
    connection = Connection(workspace_id="acme")
    for account in ("acct_1", "acct_2", "acct_1", "acct_3"):
        connection = connect(connection, account)
    assert (connection.stripe_account_id, connection.earlier) == ("acct_3", ("acct_1", "acct_2"))
    for number in range(30):
        connection = connect(connection, f"acct_{number + 10}")
    assert len(connection.earlier) == MOST_EARLIER


def test_a_client_pays_on_the_working_connection_or_not_at_all() -> None:
    none = Connection(workspace_id="acme")
    assert pays_on(none, "Acme").stripe_account is None
    assert pays_on(none, "Acme").unconnected
    working = connect(none, "acct_1")
    assert pays_on(working, "Acme").stripe_account == StripeAccount("acct_1")
    assert pays_on(working, "Acme").unconnected is None
    former = [connect(connect(none, "acct_2"), "acct_1"), connect(none, "acct_3"), none]
    assert pays_on(working, "Acme", former).earlier == (StripeAccount("acct_2"), StripeAccount("acct_3"))
    for broken in (
        connect(none, "acct_1", NOTHING),
        connect(none, "acct_1", facts("under_review")),
        disconnected(working, by="ann", access_revoked=True, now_ms=2),
    ):
        assert pays_on(broken, "Acme").unconnected


def test_the_client_is_told_whom_to_ask_and_the_workspace_what_to_do() -> None:
    restricted = connect(Connection(workspace_id="acme"), "acct_1", facts("rejected.fraud"))
    unconnected = pays_on(restricted, "Acme Ltd").unconnected
    assert unconnected
    client = WorkspaceNotConnected(unconnected)
    assert "Acme Ltd" in client.detail
    assert "fraud" not in f"{client.detail} {client.about}"
    assert "acct_1" not in f"{client.detail} {client.about}"
    workspace = WorkspaceNotConnected(replace(unconnected, for_workspace=True))
    assert DISABLED_REASONS["rejected.fraud"] in workspace.detail
