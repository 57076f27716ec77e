"""A client's tokens, pages, papers and mails tell of its own world alone: no cost, no balance of its workspace.

Nor the platform's name, nor who of the workspace or of the platform did something. Every route and every page is asked,
from the same lists as the tables of docs/permissions.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import boto3
import pytest

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.notices import mailbox
from chalicelib.token import Caller
from local.stripe_emulator.client import Emulator
from tests.doors.callers import CLIENT, WORKSPACE, make_accounts, stripe_environment
from tests.doors.clients_world import (
    JANE,
    OLGA,
    SECRETS,
    World,
    api_answers,
    found_in,
    make_world,
    page_answers,
    send_json,
)
from tests.doors.world import enter
from tests.environment import use
from tests.notices.sending import deliver, pay
from tests.payments.payer import STRIPE_KEYS

OWNER, VIEWER = Caller("owner", CLIENT), Caller("viewer", CLIENT)
OPERATORS_ADDRESS: Final = "billing@example.com"
SEND: Final = "provide-client-params.sesv2.SendEmail"


@pytest.fixture(scope="module")
def settings(memory: Mapping[str, str], stripe_process: Emulator) -> Iterator[None]:
    sender = {"MAIL_FROM": f"Example Platform <{OPERATORS_ADDRESS}>"}
    with use({**stripe_environment(stripe_process), **sender}, secrets=STRIPE_KEYS):
        yield


@pytest.fixture(scope="module")
def mails(settings: None) -> Iterator[list[dict[str, Any]]]:
    """Note what goes to SES."""
    boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")
    sent: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        sent.append(params)

    events = mailbox.client().meta.events
    events.register(SEND, note)
    yield sent
    events.unregister(SEND, note)


@pytest.fixture(scope="module")
def world(mails: list[dict[str, Any]], stripe_process: Emulator) -> World:
    make_accounts()
    return make_world(stripe_process)


@pytest.fixture(scope="module")
def reads(world: World) -> dict[str, str]:
    """Return what the client's owner is told by each route and each page that changes nothing."""
    pages = page_answers(enter(CLIENT), world.names, only_reads=True)
    return {**dict(api_answers(OWNER, world.names, only_reads=True)), **dict(pages)}


def secrets() -> dict[str, str]:
    """Return what no client learns."""
    seller = catalog().seller
    of_seller = {"the platform": seller.name, "its address": seller.address[0], "its e-mail": str(seller.email)}
    return {**SECRETS, **of_seller}


def test_the_workspace_and_the_operator_are_told_all_of_it(world: World) -> None:
    """Else the secrets would not be in any answer, and their absence would prove nothing."""
    told = [
        *api_answers(OLGA, world.names, only_reads=True),
        *api_answers(JANE, world.names, only_reads=True),
        *api_answers(JANE, world.workspace_names, only_reads=True),
        *page_answers(enter(WORKSPACE), world.workspace_names, only_reads=True),
    ]
    text = "".join(text for _, text in told)
    assert [what for what, secret in secrets().items() if secret not in text] == []


def test_no_answer_to_a_client_that_asks_about_its_workspace_tells_anything(world: World) -> None:
    assert found_in(api_answers(OWNER, world.workspace_names), secrets()) == {}


def test_nothing_that_a_client_reads_tells_anything(world: World, reads: dict[str, str]) -> None:
    assert found_in(reads.items(), secrets()) == {}


def test_nothing_that_a_clients_viewer_is_answered_tells_anything(world: World) -> None:
    assert found_in(api_answers(VIEWER, world.names), secrets()) == {}
    assert found_in(page_answers(enter(CLIENT, "viewer"), world.names), secrets()) == {}


def test_the_client_is_told_its_workspaces_name_instead(reads: dict[str, str]) -> None:
    """Where names would be, so that they are not just left out: of the one who paid, gave, refunded and set."""
    for name in ("get_payment", "list_payments", "list_transactions"):
        assert '"actor":"North Agency"' in reads[name], name
    assert "Last change: North Agency" in reads["GET /auto-pay"]
    assert "Last change: North Agency" in reads["GET /plan"]
    assert "North Agency" in reads["GET /invoices/{number}"]  # in the PDF that it leads to


def test_a_client_that_repeats_a_request_of_its_workspace_is_not_given_its_answer(world: World) -> None:
    route = "POST", "/v1/accounts/{account_id}/top-ups"
    answers = [send_json(caller, route, world.names, {"amount": "25"}).json() for caller in (JANE, OWNER)]
    assert [each["payment"].pop("actor") for each in answers] == [JANE.subject, "North Agency"]
    assert answers[0]["payment"]["payment_id"] == answers[1]["payment"]["payment_id"]


def test_no_mail_to_a_client_tells_anything(world: World, mails: list[dict[str, Any]]) -> None:
    account = accounts.get(CLIENT)
    sent = [pay(account), pay(account, "requires_action")]
    assert deliver(*sent) == []
    assert len(mails) == 1 + len(sent)  # the first is the invitation
    texts = [(str(number), str(mail).replace(OPERATORS_ADDRESS, "")) for number, mail in enumerate(mails)]
    assert found_in(texts, secrets()) == {}


def test_nothing_that_a_client_does_is_answered_with_it(world: World) -> None:
    """The last test here, for it changes everything."""
    assert found_in(page_answers(enter(CLIENT), world.names), secrets()) == {}
    assert found_in(api_answers(OWNER, world.names), secrets()) == {}
