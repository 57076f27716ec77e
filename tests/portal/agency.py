"""A workspace with two clients: a bakery that pays half as much again as the cost, and flowers that pay nothing."""

from dataclasses import dataclass

from chalicelib.ledger import statement
from tests.portal.site import Site, today
from tests.usage.agency import HALF_MORE, keep, on


@dataclass(frozen=True)
class Agency:
    """The ids of the workspace and its clients."""

    account_id: str
    bakery: str
    flowers: str


def new_agency(site: Site) -> Agency:
    """Make the workspace and its clients, with usage of all three, yesterday."""
    agency = site.account(name="North Agency", balance="100")
    bakery = site.account(name="Bakery Bloom", kind="client", workspace_id=agency, balance="40")
    flowers = site.account(name="Flowers & Co", kind="client", workspace_id=agency)
    keep(bakery, on(sms=HALF_MORE, email=HALF_MORE))
    for account in (agency, bakery, flowers):
        site.use(account, today(1))
    return Agency(agency, bakery, flowers)


def newest(account_id: str) -> str:
    """Return the id of an account's newest transaction."""
    return statement.read_history(account_id, limit=1).transactions[0].id
