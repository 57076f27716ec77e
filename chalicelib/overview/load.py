"""Load what an overview shows: what has a key in one call, and the payments in another."""

import msgspec

from chalicelib.accounts.tax import tax_of
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.view import keys_for_view, load_with_rows
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.subscription import Subscription
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.subscriptions.view import SubscriptionView, view_subscription
from chalicelib.tables import Keys, Rows


class OverviewSnapshot(msgspec.Struct, frozen=True):
    """An account as it was read: its auto-pay with its wallet and payments, its subscription, and how that is shown."""

    auto_pay: Snapshot
    subscription: Subscription | None
    subscription_view: SubscriptionView | None


def overview_keys(account_id: str) -> Keys:
    """Return the rows that an overview is made of, besides the payer's and the payments."""
    return {**keys_for_view(account_id), SubscriptionRow: [account_id]}


def load_overview(rows: Rows, payer: Payer, catalog: Catalog) -> OverviewSnapshot:
    """Load an overview by the rows of `overview_keys`; the payments are read."""
    found = subscriptions.find_in(rows, payer.account_id)
    subscription = found if found and found.exists else None
    shown = view_subscription(subscription, catalog, tax_of(payer.account, catalog)) if subscription else None
    return OverviewSnapshot(load_with_rows(rows, payer, catalog), subscription, shown)
