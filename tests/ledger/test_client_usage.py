"""What a workspace's clients used by month is written in the commit of that usage, and verified with the pages."""

import pytest
from msgspec.structs import replace

from chalicelib.ledger.client_usage import ClientMeter, sum_usage_by_client
from chalicelib.ledger.client_usage_table import (
    ClientUsageRow,
    find_client_months,
    read_all_months,
    read_client_months,
)
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Leg, Posting
from chalicelib.ledger.verify import verify
from tests.build import TIME_MS, credit, debit, pair, receipt
from tests.conftest import NewWallet

MONTH_MS = 31 * 24 * 60 * 60 * 1000
MONTH = "2026-09"


def cost_alone(number: int, client: str, workspace: str) -> Posting:
    """Return usage of a client that is not rebilled."""
    return replace(debit(number, client), legs=(Leg(workspace, "debit", 50_000),))


def test_usage_is_summed_by_client_month_and_meter() -> None:
    lines = receipt(3, "client").legs[0].lines
    call = replace(receipt(3, "client"), legs=(Leg("agency", "debit", 0, lines=lines), receipt(3, "client").legs[0]))
    postings = [
        pair(1),
        cost_alone(2, "other", "agency"),
        call,
        pair(4, occurred_at_ms=TIME_MS + MONTH_MS),
        debit(5, "agency"),
        credit(6, "agency"),
    ]
    summed = sum_usage_by_client("agency", postings)
    assert {key: meters["sms"].count for key, meters in summed.items() if "sms" in meters} == {
        (MONTH, "client"): 1,
        (MONTH, "other"): 1,
        ("2026-10", "client"): 1,
    }
    assert summed[MONTH, "other"] == {"sms": ClientMeter(1_000_000, 50_000, 0, 1)}
    line = lines[0]
    meter = summed[MONTH, "client"][line.meter]
    assert (meter.quantity_micros, meter.cost_micros) == (line.quantity_micros, line.amount_micros)
    assert meter.price_micros == line.amount_micros


def test_what_clients_used_is_in_the_table_once_it_is_posted(new_wallet: NewWallet) -> None:
    agency = new_wallet()
    one, other = (new_wallet(workspace=agency) for _ in range(2))
    batch = [pair(1, one, agency), pair(2, one, agency), cost_alone(3, other, agency)]
    post(batch)
    post(batch)
    expected = sum_usage_by_client(agency, batch)
    assert read_all_months(agency) == expected
    assert dict(read_client_months(agency, MONTH)) == {one: expected[MONTH, one], other: expected[MONTH, other]}
    assert find_client_months(agency, MONTH, sorted([one, other])) == dict(read_client_months(agency, MONTH))
    assert find_client_months(agency, MONTH, [other]) == {other: expected[MONTH, other]}
    assert find_client_months(agency, "2026-10", [one]) == find_client_months(agency, MONTH, []) == {}


@pytest.mark.parametrize(
    ("of_client", "part"), [(True, "sms:price"), (False, "sms:cost"), (False, "sms:quantity"), (False, "sms:count")]
)
def test_a_month_that_was_tampered_with_is_named_in_the_wallet_that_shows_it(
    new_wallet: NewWallet, of_client: bool, part: str
) -> None:
    agency = new_wallet()
    client = new_wallet(workspace=agency)
    post([pair(1, client, agency)])
    accounts = {"client": client, "agency": agency}
    assert [verify(each, accounts.values()).difference for each in accounts.values()] == [None, None]
    _add_to_number(agency, f"{MONTH}#{client}", part)
    shows, does_not = (client, agency) if of_client else (agency, client)
    assert f"usage of {client!r} in {MONTH}" in str(verify(shows).difference)
    assert verify(does_not).difference is None


def test_a_month_that_no_page_has_is_named(new_wallet: NewWallet) -> None:
    agency = new_wallet()
    post([debit(1, agency)])
    _add_to_number(agency, f"{MONTH}#nobody", "sms:cost")
    assert "usage of 'nobody'" in str(verify(agency).difference)


def _add_to_number(workspace_id: str, month: str, name: str) -> None:
    table = ClientUsageRow._get_connection()
    table.connection.client.update_item(
        TableName=ClientUsageRow.Meta.table_name,
        Key={"workspace_id": {"S": workspace_id}, "client_month": {"S": month}},
        UpdateExpression="ADD #name :one",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
