"""`ops catalog check` lists client prices that a catalog makes void, or leaves below the cost."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chalicelib import clock
from chalicelib.catalog.catalog import FILE
from chalicelib.clock import moved_to
from chalicelib.pricing.table import RebillingRow
from ops.__main__ import ops
from ops.client_prices import notes_of
from tests.api import Api
from tests.clients.rebilling_build import NOW_MS, catalog_with_new_unit, markup, price, rebilling
from tests.clients.rebilling_calls import Agency, new_agency


@pytest.fixture
def agency(api: Api) -> Agency:
    return new_agency(api)


def check(file: Path = FILE) -> Result:
    with moved_to(clock.now() + timedelta(minutes=2)):
        return CliRunner().invoke(ops, ["catalog", "check", str(file)])


def listed(done: Result, agency: Agency) -> list[tuple[str, ...]]:
    """Return the rows about an agency and its client."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.output.splitlines()]
    return [tuple(row) for row in rows if row and row[0].startswith(agency.workspace)]


def test_void_prices_and_those_below_the_cost_are_listed_and_do_not_count(agency: Agency, tmp_path: Path) -> None:
    meters = {"sms": {"state": "price", "price": "0.06"}, "email": {"state": "price", "price": "0.001"}}
    agency.change(agency.client, meters=meters, confirmed=True)
    agency.change(agency.workspace, meters={"sms": {"state": "markup", "markup": "2"}})
    deployed = check()
    assert deployed.exit_code == 0
    assert [row[:2] for row in listed(deployed, agency)] == [(agency.client, "email")]

    by_the_page = tmp_path / "catalog.toml"
    by_the_page.write_text(FILE.read_text().replace('unit = "message"', 'unit = "page"', 1))
    done = check(by_the_page)
    assert done.exit_code == 0
    assert [row[:2] for row in listed(done, agency)] == [(agency.client, "email"), (agency.client, "sms")]


def test_a_note_says_what_becomes_of_the_prices() -> None:
    settings = rebilling(knowledge_base=price(4_000_000, "month"), sms=price(1), email=price(1), llm_minute=markup(20))
    below, void = sorted(notes_of("acme.bob", settings, "usd", catalog_with_new_unit(), NOW_MS))[::-1]
    assert (below.meters, "below the cost" in below.note) == ("sms, email", True)
    assert (void.meters, "from 2027-01-01 on it is counted by the lookup" in void.note) == ("knowledge_base", True)


def test_prices_that_cannot_be_read_hide_no_others(agency: Agency) -> None:
    agency.change(agency.client, meters={"email": {"state": "price", "price": "0.001"}}, confirmed=True)
    agency.change(agency.workspace, enabled=True)
    RebillingRow(agency.workspace).update([RebillingRow.settings.set({"switches": "broken"})])
    done = check()
    assert "1 not read" in done.output
    assert done.exit_code == 1
    assert [row[:2] for row in listed(done, agency)] == [(agency.client, "email")]
