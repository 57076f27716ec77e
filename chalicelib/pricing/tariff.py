"""What an account's usage costs: the workspace at the catalog's price, and its client at the client's. Pure."""

import msgspec
from msgspec.structs import replace

from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling, client_price


class FormerTariff(msgspec.Struct, frozen=True):
    """A workspace that a client was moved away from: until when it is charged for usage, and its defaults."""

    workspace_id: str
    until_ms: int
    defaults: Rebilling = NO_REBILLING


class Tariff(msgspec.Struct, frozen=True):
    """What pricing needs to know of an account. A client has a workspace, settings of its own and its defaults.

    `former` are the workspaces that it was moved away from, oldest first. All else is as it is now: `at` returns the
    tariff of a time.
    """

    account_id: str
    currency: str
    workspace_id: str | None = None
    rebilling: Rebilling = NO_REBILLING
    defaults: Rebilling = NO_REBILLING
    former: tuple[FormerTariff, ...] = ()

    def at(self, time_ms: int) -> "Tariff":
        """Return the tariff by which usage of a time is charged: that of the workspace that the client had then."""
        for each in self.former:
            if time_ms < each.until_ms:
                return replace(self, workspace_id=each.workspace_id, defaults=each.defaults, former=())
        return self

    @property
    def wallet_ids(self) -> set[str]:
        """Return the accounts whose wallets its usage may change, whatever its time is."""
        return {self.account_id, self.payer_id, *(each.workspace_id for each in self.former)}

    @property
    def payer_id(self) -> str:
        """Return the account that pays the catalog's price: the workspace."""
        return self.workspace_id or self.account_id

    def is_rebilled(self, time_ms: int) -> bool:
        """Tell whether usage of a time is charged to the client, too."""
        return self.workspace_id is not None and self.rebilling.is_on(time_ms)

    def client_price(self, meter: str, time_ms: int) -> ClientPrice:
        """Return what the client pays for a meter at a time, if it is rebilled."""
        return client_price(self.rebilling, self.defaults, meter, time_ms)
