"""The package is used with its own libraries alone: nothing that was left out of them is missed."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from babel.localedata import locale_identifiers
from msgspec.structs import replace
from stripe.params import SetupIntentConfirmParams

from chalicelib.clock import month_of, now_ms
from chalicelib.i18n.language import FOLDER
from chalicelib.invoices.pdf.document import draw
from chalicelib.portal.routes import PAGES
from infrastructure.pruning import read_rules
from tests.deployed.libraries.conftest import World
from tests.deployed.libraries.packaged import API, Packaged, PackagedClient
from tests.functions import ENTRY_POINTS
from tests.infrastructure.guarded import event
from tests.invoices import documents
from tests.invoices.logos import png
from tests.invoices.names import NAMES

pytestmark = pytest.mark.deployed

LANGUAGES = ["en", *sorted(path.name for path in FOLDER.iterdir())]
DRAW = """
import base64, msgspec
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.pdf.document import draw
drawn = draw(msgspec.json.decode({invoice!r}, type=Invoice), base64.b64decode({logo!r}))
result = base64.b64encode(drawn).decode()
"""


@pytest.fixture(scope="module")
def account(client: PackagedClient) -> str:
    workspace = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"}
    client.ask("PUT", "/v1/accounts/acme", workspace, expect=201)
    return "/v1/accounts/acme"


@pytest.fixture(scope="module")
def payment(client: PackagedClient, account: str, world: World) -> str:
    """Top up with a card: return the payment's id."""
    setup = client.ask("POST", f"{account}/card-setups", expect=201)["setup_intent_id"]
    confirmation: SetupIntentConfirmParams = {
        "payment_method": "pm_card_visa",
        "use_stripe_sdk": True,
        "return_url": "https://app.example.com/",
    }
    world.stripe.stripe_client().v1.setup_intents.confirm(setup, confirmation)
    client.ask("PUT", f"{account}/card", {"setup_intent_id": setup})
    found: str = client.ask("POST", f"{account}/top-ups", {"amount": "25"}, expect=201)["payment"]["payment_id"]
    return found


@pytest.fixture(scope="module")
def cookie(client: PackagedClient, account: str) -> str:
    """Open the portal: return the session's cookie."""
    url = client.ask("POST", "/v1/portal-sessions", {"account_id": "acme"}, expect=201)["url"]
    answer = client.packaged.request("POST", urlsplit(url).path)
    assert answer["statusCode"] == 303, answer["body"]
    set_cookies = {**answer["headers"], **answer["multiValueHeaders"]}["Set-Cookie"]
    return "; ".join(
        each.partition(";")[0] for each in ([set_cookies] if isinstance(set_cookies, str) else set_cookies)
    )


@pytest.mark.parametrize("handler", [*ENTRY_POINTS.values(), API])
def test_every_entry_point_is_there(packaged: Packaged, handler: str) -> None:
    module, _, name = handler.rpartition(".")
    assert packaged.run(f"import {module}; result = callable({module}.{name})")


@pytest.mark.parametrize("language", LANGUAGES)
def test_documents_are_the_same_bytes_as_here_in_every_language_and_script(packaged: Packaged, language: str) -> None:
    logo = png(40, 20)
    for name in NAMES:
        invoice = documents.invoice(locale=language.replace("_", "-"), buyer=replace(documents.BUYER, name=name))
        program = DRAW.format(invoice=msgspec.json.encode(invoice), logo=logo)
        assert base64.b64decode(packaged.run(program)) == draw(invoice, base64.b64decode(logo))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_without_a_name_in_its_path_is_shown_in_every_language(
    packaged: Packaged, payment: str, cookie: str, language: str
) -> None:
    pages = [path for method, path, _ in PAGES if method == "GET" and "{" not in path]
    for path in [*pages, f"/payments/{payment}"]:
        headers = {"cookie": cookie, "accept-language": language.replace("_", "-")}
        answer = packaged.request("GET", f"/portal/accounts/acme{path}", headers=headers)
        assert answer["statusCode"] in {200, 303, 422}, path


def test_the_api_pays_refunds_writes_documents_and_describes_itself(
    client: PackagedClient, account: str, payment: str
) -> None:
    assert client.ask("GET", "/openapi.json")["paths"]
    refund = {"amount": "1", "reason": "a test"}
    client.ask("POST", f"{account}/payments/{payment}/refunds", refund, expect=201)
    client.ask("POST", f"{account}/payments/{payment}/refresh")
    client.ask("POST", f"{account}/stripe-connection", {"way": "onboarding"}, expect=201)
    (invoice,) = [each for each in client.ask("GET", f"{account}/invoices")["data"] if each["kind"] == "invoice"]
    assert client.ask("GET", f"{account}/invoices/{invoice['number']}")["total"] == "25.00"
    for path in (f"/invoices/{invoice['number']}.pdf", f"/statements/{month_of(now_ms())}.pdf"):
        answer = client.packaged.request("GET", account + path, headers={"authorization": f"Bearer {client.token}"})
        assert answer["statusCode"] in {302, 303}, answer["body"]
    assert client.ask("POST", f"{account}/invoice-bundles/{month_of(now_ms())[:4]}")["state"] == "ready"


def test_functions_record_usage_send_mails_and_publish(packaged: Packaged, account: str) -> None:
    def message(body: object) -> dict[str, object]:
        return {"Records": [{"messageId": "1", "receiptHandle": "x", "body": json.dumps(body), "attributes": {}}]}

    answer = packaged.call(ENTRY_POINTS["record_usage"], message(event("packaged")))
    assert answer == {"batchItemFailures": []}


def test_every_client_is_made_and_signs(packaged: Packaged) -> None:
    """A link into the bucket and a mailbox's description need a service's rules and its paginators and waiters."""
    program = """
import boto3
session = boto3.Session(region_name="us-east-1")
clients = {{service: session.client(service) for service in {services!r}}}
clients["s3"].generate_presigned_url("get_object", Params={{"Bucket": "b", "Key": "k"}})
result = [len(client.meta.service_model.operation_names) > 0 for client in clients.values()]
"""
    services = sorted(read_rules().services)
    assert packaged.run(program.format(services=services)) == [True] * len(services)


LOCALES = """
from chalicelib.i18n.words import decimal_sign
from chalicelib.text import _babel_name
result = {{name: (_babel_name(name), decimal_sign(name)) for name in {names!r}}}
"""
WRITTEN = """
from chalicelib.portal.words import Words as Portal
from chalicelib.invoices.words import Words as Paper
def write(name):
    portal, paper, at = Portal(name), Paper(name), 1_790_000_000_000
    return [
        portal.money("-1234567.5", "eur"), portal.day("2026-11-23"), portal.long_day("2026-11-23"),
        portal.country("DE"),
        portal.percent(0.25), portal.count("%(number)s card", "%(number)s cards", 1234), portal.is_from_right,
        portal.date(at), str(paper.amount(1_500_000, "jpy")), paper.rate(77_000), paper.date(at, "medium"),
    ]
result = {{name: write(name) for name in {names!r}}}
"""


@pytest.mark.parametrize("program", [LOCALES, WRITTEN])
def test_every_locale_reads_as_with_all_of_babels_data(packaged: Packaged, program: str) -> None:
    """Also those of languages that there are no texts in: an account may have them."""
    names = sorted(locale_identifiers())
    here: dict[str, Any] = {}
    exec(program.format(names=names), here)  # noqa: S102 - the same program as inside
    assert packaged.run(program.format(names=names)) == json.loads(json.dumps(here["result"]))
