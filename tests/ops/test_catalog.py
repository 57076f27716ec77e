"""`ops catalog check`: who holds or uses what a catalog lacks, before it is deployed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chalicelib.catalog.catalog import FILE
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post
from chalicelib.subscriptions import table
from ops.__main__ import ops
from tests.api import Api
from tests.build import debit
from tests.subscriptions.conftest import (
    NewSubscriber,
    new_subscriber,
    subscriber,
    world,
)
from tests.subscriptions.world import RenewalWorld, Subscriber

__all__ = ["new_subscriber", "subscriber", "world"]

DEPLOYED = FILE.read_text()


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """Return the catalog's file, to be written to."""
    return tmp_path / "catalog.toml"


def check(file: Path | None = None, *arguments: str) -> Result:
    return CliRunner().invoke(ops, ["catalog", "check", *([str(file)] if file else []), *arguments])


def found(done: Result) -> list[tuple[str, str]]:
    """Return the accounts that were named, each with what it holds."""
    rows = [line.split("│") for line in done.output.splitlines() if line.startswith("│")]
    return [(row[1].strip(), row[2].strip()) for row in rows]


def drop(*sections: str) -> str:
    """Return the catalog without some sections."""
    kept, skips = [], False
    for line in DEPLOYED.splitlines():
        if line.startswith("["):
            name = line.split("]")[0].strip("[")
            skips = any(name == section or name.startswith(f"{section}.") for section in sections)
        if not skips:
            kept.append(line)
    return "\n".join(kept)


def test_the_catalog_that_is_deployed_has_all_that_is_held(subscriber: Subscriber) -> None:
    subscriber.put("agency", phone_number=2)
    done = check()
    assert (done.exit_code, found(done)) == (0, []), done.output


def test_every_holder_of_what_is_lacking_is_named_whatever_they_hold_it_for(
    new_subscriber: NewSubscriber, world: RenewalWorld, lacking: Path
) -> None:
    holds, adds, will, was, other, waits = (new_subscriber() for _ in range(6))
    holds.put("agency")
    adds.put("starter", phone_number=1)
    will.put("agency_yearly")
    will.put("agency")
    was.put("agency")
    other.put("starter")
    waits.put_test_card("pm_card_authenticationRequired")
    waits.put("agency")
    row = table.SubscriptionRow
    row(was.account_id).update([row.status.set("canceled")])
    lacking.write_text(drop("plans.agency", "add_ons.phone_number"))
    done = check(lacking)
    assert done.exit_code == 1
    assert sorted(found(done)) == sorted(
        [(each.account_id, "plan agency") for each in (holds, will, waits)] + [(adds.account_id, "add-on phone_number")]
    )
    assert "4 accounts hold or use" in done.output


def test_what_is_retired_is_not_lacking(subscriber: Subscriber, world: RenewalWorld, lacking: Path) -> None:
    subscriber.put("agency")
    lacking.write_text(DEPLOYED.replace("[plans.agency]", "[plans.agency]\nretired = true"))
    assert check(lacking).exit_code == 0


def test_a_renewal_that_could_not_be_charged_any_more_is_named(
    subscriber: Subscriber, world: RenewalWorld, lacking: Path
) -> None:
    subscriber.put("agency", phone_number=10)
    lacking.write_text(DEPLOYED.replace('amounts = { usd = "1.15"', 'amounts = { usd = "150000.00"'))
    done = check(lacking)
    assert (done.exit_code, found(done)) == (1, [(subscriber.account_id, "renewal of agency")])


def test_a_currency_and_meters_in_use_are_named(api: Api, lacking: Path) -> None:
    api.make_account("yen", currency="jpy")
    api.make_account("talks")
    post([debit(1, "talks", occurred_at_ms=now_ms(), meter="sms")])
    assert check().exit_code == 0
    lacking.write_text(drop("meters.sms"))
    done = check(lacking)
    assert (done.exit_code, found(done)) == (1, [("talks", "meter sms")])
    assert check(lacking, "--usage-days", "-2").exit_code == 0
    lacking.write_text(drop("currencies.jpy").replace(", jpy = ", " } # "))
    assert ("yen", "currency jpy") in found(check(lacking))


def test_one_that_cannot_be_read_hides_no_other(
    new_subscriber: NewSubscriber, world: RenewalWorld, lacking: Path
) -> None:
    broken, holds = new_subscriber(), new_subscriber()
    for each in (broken, holds):
        each.put("agency")
    row = table.SubscriptionRow
    row(broken.account_id).update([row.prices.set({"of": "another kind"})])
    lacking.write_text(drop("plans.agency"))
    done = check(lacking)
    assert (done.exit_code, found(done)) == (1, [(holds.account_id, "plan agency")])
    assert "1 not read" in done.output


def test_a_file_that_is_no_text_is_told_as_that(lacking: Path) -> None:
    lacking.write_bytes(b"\xff\xfe[plans]")
    done = check(lacking)
    assert done.exit_code == 1
    assert f"Error: {lacking}: " in done.output


def test_a_catalog_that_contradicts_itself_is_told_as_that(lacking: Path) -> None:
    lacking.write_text(DEPLOYED.replace("trial_days = 14", "trial_days = -1"))
    done = check(lacking)
    assert done.exit_code == 1
    assert "trial_days" in done.output
