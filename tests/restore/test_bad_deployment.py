"""A deployment is rolled back after it wrote pages of a format that the older code does not know."""

from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.table import read_wallet
from chalicelib.usage.record import record
from local.resources import Deployment
from tests.build import event, sqs_record
from tests.conftest import NewWallet
from tests.restore.walk import run, succeed

NEWER_FORMAT = 3


def deliver(*events: dict[str, object]) -> list[str]:
    """Deliver events as a batch; return the ids of the messages that come back."""
    return record([sqs_record(each, str(each["subject"])) for each in events], catalog())


def test_what_is_in_newer_pages_waits_and_all_else_goes_on(stack: Deployment, new_wallet: NewWallet) -> None:
    newer, other = new_wallet(), new_wallet()
    first = {account_id: event(account_id, 1) for account_id in (newer, other)}
    assert deliver(*first.values()) == []
    (page,) = PageRow.query(newer)
    page.update(actions=[PageRow.format.set(NEWER_FORMAT)])

    # The older code is back. What may be in a page that it cannot read comes back; what is newer is posted after it.
    assert deliver(*first.values()) == [newer]
    assert deliver(event(newer, 2), event(other, 2)) == []
    assert read_wallet(newer).sequence == read_wallet(other).sequence == 2
    succeed("verify", other)
    assert "unknown here" in run("verify", newer).output
    done = run("restore", "wallets", newer, other, "--write")
    assert done.exit_code == 1
    assert f"{newer}: UnreadablePage" in done.output
    assert f"{other}:" not in done.output

    # The newer code is deployed again: what waited is delivered again, and was posted before.
    page.update(actions=[PageRow.format.set(2)])
    assert deliver(*first.values()) == []
    assert read_wallet(newer).sequence == 2
    succeed("verify", newer, other)
