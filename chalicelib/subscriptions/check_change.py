"""Check that a change may be made now, and determine its effect. Pure."""

from chalicelib.accounts.account import Account, check_not_archived
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.money import format_amount, to_card_amount
from chalicelib.subscriptions.change_effect import (
    ChangeEffect,
    apply_effect,
    change_effect,
    deferred_effect,
    start_effect,
)
from chalicelib.subscriptions.check_renewal import check_renewal
from chalicelib.subscriptions.pause import check_pause_stays
from chalicelib.subscriptions.price import Quote, check_sold, is_in_catalog
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.subscription import OWING, Contents, Subscription, SubscriptionPending


class SubscriptionPastDue(Refusal):
    """A period is owed: it has to be paid before anything is changed."""

    status = 409
    type = "subscription-past-due"
    title = "The subscription has to be paid first"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(
            f"the last renewal was not paid; POST /v1/accounts/{subscription.account_id}/subscription/pay, or save "
            "another card",
            subscription_status=subscription.status,
        )


class SubscriptionRenewing(Refusal):
    """The period has ended, and the next one is about to be charged."""

    status = 409
    type = "subscription-renewing"
    title = "The subscription is being renewed"

    def __init__(self) -> None:
        super().__init__("its period has ended and the next one is about to be charged; try again in a moment")


class AddOnInUse(Refusal):
    """The change asks for fewer of an add-on than are in use."""

    status = 409
    type = "add-on-in-use"
    title = "More of the add-on are in use"

    def __init__(self, name: str, wanted: int, in_use: int) -> None:
        super().__init__(
            f"{in_use} of {name!r} are in use, so they cannot become {wanted}; release them first",
            field=f"add_ons.{name}",
            in_use=in_use,
        )


class QuoteChanged(Refusal):
    """It costs a different amount than expected; nothing was changed or charged."""

    status = 409
    type = "quote-changed"
    title = "It costs something else now"

    def __init__(self, expected_micros: int, charge_micros: int, currency: str) -> None:
        expected, amount = format_amount(expected_micros, currency), format_amount(charge_micros, currency)
        detail = f"it costs {amount} {currency} now, not {expected}; look at it again"
        super().__init__(detail, amount=amount, currency=currency)


def check_expected(quote: Quote, expected_micros: int | None, currency: str) -> None:
    """Check that a charge is what was expected, if anything was. Raises QuoteChanged."""
    if expected_micros is not None and expected_micros != quote.charge_micros:
        raise QuoteChanged(expected_micros, quote.charge_micros, currency)


def check_change(
    account: Account,
    current: Subscription | None,
    request: SubscriptionRequest,
    catalog: Catalog,
    now_ms: int,
    *,
    tax: Tax | None,
) -> ChangeEffect:
    """Return the effect of a change, if it may be made now. `tax` is the account's.

    Raises AccountArchived, UnknownProduct, ProductRetired, TooManyOfAddOn, RenewalNotChargeable, SubscriptionPending,
    SubscriptionPastDue, SubscriptionRenewing, AddOnInUse, PauseScheduled, NotChargeable, QuoteChanged.
    """
    check_not_archived(account)
    wanted, currency = request.wanted_contents(current), account.currency
    check_sold(wanted, currency, catalog, _held_contents(current))
    if current is None or current.may_start:
        if current and current.pending:
            raise SubscriptionPending(current.pending)
        is_first = current is None or current.started_at_ms is None
        effect = start_effect(wanted, with_trial=is_first, currency=currency, catalog=catalog, now_ms=now_ms, tax=tax)
    else:
        _check_changeable(current, wanted, catalog, now_ms)
        is_paused = current.status == "paused"
        if is_paused or current.held or not is_in_catalog(current.terms.contents, currency, catalog):
            effect = deferred_effect(current, wanted, catalog)
        else:
            effect = change_effect(current, wanted, catalog, now_ms, tax)
        check_pause_stays(current, effect.terms, catalog)
    if effect.quote.charge_micros:
        to_card_amount(effect.quote.charge_micros, currency)
    check_expected(effect.quote, request.expected_micros, currency)
    check_renewal(apply_effect(effect, account, current, actor="", now_ms=now_ms), catalog, tax)
    return effect


def _held_contents(current: Subscription | None) -> list[Contents]:
    """Return the contents that are held now, and those from the next period on."""
    if current is None or current.may_start:
        return []
    return [current.terms.contents, current.scheduled] if current.scheduled else [current.terms.contents]


def _check_changeable(current: Subscription, wanted: Contents, catalog: Catalog, now_ms: int) -> None:
    if current.status in OWING:
        raise SubscriptionPastDue(current)
    if current.pending:
        raise SubscriptionPending(current.pending)
    if now_ms >= current.phase_end_ms and not current.held:
        raise SubscriptionRenewing
    for name, in_use in current.in_use.items():
        # An add-on that is not in the catalog cannot be requested, so a customer who uses it must be able to drop it.
        if name in catalog.add_ons and wanted.add_ons.get(name, 0) < min(
            in_use, current.terms.contents.add_ons.get(name, 0)
        ):
            raise AddOnInUse(name, wanted.add_ons.get(name, 0), in_use)
