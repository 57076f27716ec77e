"""Change the settings of auto-pay: switch it on or off, or set other amounts."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import CurrencyMismatch, check_not_archived
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AT_ONCE_MS, AutoPay, AutoPayBusy
from chalicelib.auto_pay.evaluate import ATTEMPTS, evaluate_account
from chalicelib.backoff import attempts
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.errors import Refusal
from chalicelib.money import (
    PLACES,
    Currency,
    Decimal,
    NotChargeable,
    format_amount,
    parse_micros,
    places_of,
    to_card_amount,
)
from chalicelib.payments.new_payment import check_card

OptionalAmount = Annotated[Decimal | UnsetType | None, Meta(description="Left out, it stays as it is.")]


class AutoPayRequest(msgspec.Struct, forbid_unknown_fields=True):
    """New settings of auto-pay; what is left out stays as it is. Switching it on requires a threshold and an amount.

    A monthly limit of null means no limit. `currency` is optional; if it is sent, it must be the account's.
    """

    enabled: bool
    threshold: OptionalAmount = UNSET
    amount: OptionalAmount = UNSET
    monthly_limit: OptionalAmount = UNSET
    currency: Currency | None = None


class AutoPayInvalid(Refusal):
    """Settings that contradict each other or the catalog; `field` names the one to correct."""

    status = 422
    type = "auto-pay-invalid"
    title = "These settings do not work"


class Amounts(msgspec.Struct, frozen=True):
    """The amounts of the settings."""

    threshold_micros: int
    amount_micros: int
    monthly_limit_micros: int | None


def change_settings(payer: Payer, request: AutoPayRequest, *, actor: str, catalog: Catalog) -> None:
    """Write the settings and evaluate the account: if the balance is low, its refill is queued on return.

    Switching auto-pay on, from off or suspended, clears its failures. Raises CurrencyMismatch, InvalidDecimal,
    AccountArchived, NotChargeable, AutoPayInvalid, CardMissing, AutoPayBusy.
    """
    account = payer.account
    if request.currency not in {None, account.currency}:
        raise CurrencyMismatch(str(request.currency), account.currency)
    for attempt in attempts(ATTEMPTS):
        current = table.find(account.account_id)
        amounts = read_amounts(request, current, account.currency, catalog.limits(account.currency))
        if request.enabled:
            check_not_archived(accounts.get(account.account_id) if attempt else account)
            check_card(payer)
        updated = apply_settings(account.account_id, current, request, amounts, actor=actor, now_ms=clock.now_ms())
        over = current.version if current else 0
        if table.write(updated, over=over, unless_archived=request.enabled):
            evaluate_account(account.account_id, catalog)
            return
    raise AutoPayBusy(account_id=account.account_id)


def read_amounts(request: AutoPayRequest, current: AutoPay | None, currency: str, limits: CurrencyLimits) -> Amounts:
    """Return the checked amounts of a request. What it leaves out stays as it is.

    Raises NotChargeable, AutoPayInvalid.
    """
    before = current or Amounts(0, 0, None)
    threshold = _parse_amount(request.threshold, "threshold", currency)
    amount = _parse_amount(request.amount, "amount", currency)
    monthly_limit = _parse_amount(request.monthly_limit, "monthly_limit", currency)
    was_never_set = before.amount_micros == 0
    for field, text in (("threshold", request.threshold), ("amount", request.amount)):
        if request.enabled and (text is None or (text is UNSET and was_never_set)):
            raise AutoPayInvalid(f"{field}: is needed to switch auto-pay on", field=field)
    amounts = Amounts(
        before.threshold_micros if threshold is None else threshold,
        before.amount_micros if amount is None else amount,
        before.monthly_limit_micros if request.monthly_limit is UNSET else monthly_limit,
    )
    # When auto-pay is switched off, earlier amounts may stay outside limits that have changed since.
    has_new = not (threshold is None and amount is None and monthly_limit is None)
    if request.enabled or (amounts.amount_micros and has_new):
        _check_limits(amounts, currency, limits)
    return amounts


def _parse_amount(text: str | UnsetType | None, field: str, currency: str) -> int | None:
    """Return an amount in micros; None if it is null or left out.

    Raises AutoPayInvalid if it has more decimals than the currency.
    """
    if text is None or isinstance(text, UnsetType):
        return None
    micros, places = parse_micros(text), places_of(currency)
    if micros % 10 ** (PLACES - places):
        raise AutoPayInvalid(f"{field}: {text} has more than the {places} decimals of {currency}", field=field)
    return micros


def _check_limits(amounts: Amounts, currency: str, limits: CurrencyLimits) -> None:
    """Check the amounts against the catalog, each other, and what a card can be charged.

    Raises NotChargeable, AutoPayInvalid.
    """
    minimum, maximum = limits.auto_pay_minimum_micros, limits.auto_pay_maximum_micros
    about = {"currency": currency, "minimum": format_amount(minimum, currency)}
    about |= {"maximum": format_amount(maximum, currency)}
    if not minimum <= amounts.amount_micros <= maximum:
        detail = f"amount: must be between {about['minimum']} and {about['maximum']} {currency}"
        raise AutoPayInvalid(detail, field="amount", **about)
    try:
        to_card_amount(amounts.amount_micros, currency)
    except NotChargeable as refusal:
        raise NotChargeable(refusal.detail, field="amount", **refusal.about) from None
    highest = maximum // amounts.amount_micros * amounts.amount_micros
    if amounts.threshold_micros > highest:
        most = format_amount(highest, currency)
        detail = f"threshold: one charge brings at most {most} {currency}, so a higher threshold cannot be kept"
        raise AutoPayInvalid(detail, field="threshold", currency=currency, maximum=most)
    if amounts.monthly_limit_micros is not None and amounts.monthly_limit_micros < amounts.amount_micros:
        least = format_amount(amounts.amount_micros, currency)
        detail = f"monthly_limit: leaves no room for a single refill of {least} {currency}"
        raise AutoPayInvalid(detail, field="monthly_limit", currency=currency, minimum=least)


def apply_settings(
    account_id: str, current: AutoPay | None, request: AutoPayRequest, amounts: Amounts, *, actor: str, now_ms: int
) -> AutoPay:
    """Return auto-pay with the new settings.

    It is due at once, so that the schedule evaluates it if the request is cut off before doing so.
    """
    before = current or AutoPay(
        account_id=account_id,
        enabled=False,
        threshold_micros=amounts.threshold_micros,
        amount_micros=amounts.amount_micros,
        monthly_limit_micros=amounts.monthly_limit_micros,
        actor=actor,
        updated_at_ms=now_ms,
    )
    # A back-off is not cleared: a program that repeats the settings must not cause a charge of a bad card each time.
    is_switched_on = request.enabled and (not before.enabled or before.is_suspended)
    return replace(
        before.restart() if is_switched_on else before,
        enabled=request.enabled,
        threshold_micros=amounts.threshold_micros,
        amount_micros=amounts.amount_micros,
        monthly_limit_micros=amounts.monthly_limit_micros,
        actor=actor,
        updated_at_ms=now_ms,
        due_at_ms=AT_ONCE_MS,
        refunds_known_micros=None,
        refunded_micros=0,
        refunded_at_ms=None,
        version=before.version + 1,
    )
