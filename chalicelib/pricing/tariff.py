"""What an account's usage costs: the workspace at the catalog's price, and its client at the client's. Pure."""

import msgspec

from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling, client_price


class Tariff(msgspec.Struct, frozen=True):
    """What pricing needs to know of an account. A client has a workspace, settings of its own and its defaults."""

    account_id: str
    currency: str
    workspace_id: str | None = None
    rebilling: Rebilling = NO_REBILLING
    defaults: Rebilling = NO_REBILLING

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
