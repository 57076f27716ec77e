"""A preview prices last month's usage, by what the ledger has posted, and saves nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.clock import moved_to, parse_iso
from chalicelib.ledger.post import post
from chalicelib.ledger.table import read_wallet
from chalicelib.pricing import table
from tests.api import Api
from tests.build import pair
from tests.clients.rebilling_calls import Agency, new_agency

MID_OCTOBER_MS = parse_iso("2026-10-15T12:00:00+00:00")
HALF_MORE = {"state": "markup", "markup": "1.5"}


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with moved_to(datetime(2026, 11, 20, tzinfo=UTC)):
        yield


@pytest.fixture
def agency(api: Api) -> Agency:
    return new_agency(api)


def use(agency: Agency, client: str, times: int, month_ms: int = MID_OCTOBER_MS) -> None:
    """Post messages of a client at 0.07, each of which costs its workspace 0.05."""
    events = [pair(number, client, agency.workspace, occurred_at_ms=month_ms + number) for number in range(times)]
    result = post(events, {account_id: read_wallet(account_id) for account_id in (client, agency.workspace)})
    assert len(result.posted) == times


def test_a_clients_last_month_is_priced_by_the_change_and_nothing_is_saved(agency: Agency) -> None:
    use(agency, agency.client, 10)
    use(agency, agency.client, 1, parse_iso("2026-11-01T00:00:00+00:00"))
    use(agency, agency.client, 1, parse_iso("2026-09-30T23:59:59+00:00"))
    answer = agency.put(
        agency.client, {"enabled": True, "default": HALF_MORE, "allowance": "0.20"}, query="?preview=true"
    )
    assert answer.json()["enabled"] is True
    amounts = {"cost": "0.50", "charged": "0.70", "would_be_charged": "0.75"}
    assert answer.json()["preview"] == {
        "month": "2026-10",
        "clients": 1,
        "complete": True,
        "allowance": "0.20",
        "total": {**amounts, "margin": "0.05"},
        "meters": [{"meter": "sms", "quantity": "10", "unit": "message", **amounts, "margin": "0.25"}],
    }
    assert table.find(agency.client).version == 0
    assert agency.shown(agency.client)["preview"] is None


def test_a_workspaces_preview_is_of_its_clients_each_by_its_own_settings(agency: Agency) -> None:
    clients = [f"{agency.workspace}.{name}" for name in ("on", "own", "off", "idle")]
    for client in clients:
        agency.api.make_account(client, kind="client", workspace_id=agency.workspace)
    on, own, off, _ = clients
    agency.change(on, enabled=True)
    agency.change(own, enabled=True, default={"state": "absorbed"})
    for client in (on, own, off):
        use(agency, client, 2)
    shown = agency.put(agency.workspace, {"default": HALF_MORE}, query="?preview=true").json()["preview"]
    assert (shown["clients"], shown["complete"]) == (3, True)
    assert shown["total"] == {"cost": "0.30", "charged": "0.42", "would_be_charged": "0.15", "margin": "-0.15"}


def test_a_preview_warns_and_asks_for_no_confirmation(agency: Agency) -> None:
    high = {"default": {"state": "markup", "markup": "50"}}
    answer = agency.put(agency.client, high, query="?preview=true")
    assert answer.status_code == 200
    assert [each["code"] for each in answer.json()["warnings"]] == ["switch_off", "high_markup"]
    assert answer.json()["preview"]["clients"] == 0
