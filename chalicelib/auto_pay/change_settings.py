"""Set an account's auto-pay: on, off, or otherwise."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts.account import Account, CurrencyMismatch
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AT_ONCE_MS, AutoPay, AutoPayBusy
from chalicelib.auto_pay.evaluate import RACES, consider
from chalicelib.catalog.catalog import Catalog, CurrencyLimits
from chalicelib.errors import Refusal
from chalicelib.ledger.post import pause
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
from chalicelib.typed import sent

OptionalAmount = Annotated[Decimal | UnsetType | None, Meta(description="Left out, it stays as it is.")]
AMOUNTS: Final = ("threshold", "amount", "monthly_limit")


class AutoPayRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Auto-pay as it shall be: what is left out stays as it is. To switch it on takes a threshold and an amount.

    With null for a monthly limit there is none. `currency` may be left out; sent, it must be the account's.
    """

    enabled: bool
    threshold: OptionalAmount = UNSET
    amount: OptionalAmount = UNSET
    monthly_limit: OptionalAmount = UNSET
    currency: Currency | None = None


class AutoPayInvalid(Refusal):
    """Settings that contradict each other or the catalog; `field` names the one to mend."""

    status = 422
    type = "auto-pay-invalid"
    title = "These settings do not work"


class Wanted(msgspec.Struct, frozen=True):
    """The amounts of a request."""

    threshold_micros: int
    amount_micros: int
    monthly_limit_micros: int | None


def put(account: Account, request: AutoPayRequest, *, actor: str, catalog: Catalog) -> None:
    """Set auto-pay, and look at the account at once: if the balance is low, the refill is on its way on return.

    To switch it on, from off or from a suspension, clears what failures have led to. Raises CurrencyMismatch,
    InvalidDecimal, NotChargeable, AutoPayInvalid, CardMissing, AutoPayBusy.
    """
    if request.currency not in {None, account.currency}:
        raise CurrencyMismatch(str(request.currency), account.currency)
    for attempt in range(RACES):
        current = table.find(account.account_id)
        wanted = check(request, current, account.currency, catalog.limits(account.currency))
        if request.enabled:
            check_card(account)
        changed = settings_changed(account.account_id, current, request, wanted, actor=actor, now_ms=clock.now_ms())
        if table.write(changed, over=current.version if current else 0):
            consider(account.account_id, catalog)
            return
        pause(attempt)
    raise AutoPayBusy(account.account_id)


def check(request: AutoPayRequest, current: AutoPay | None, currency: str, limits: CurrencyLimits) -> Wanted:
    """Return the amounts that a request asks for over the current ones, checked. Pure.

    Raises NotChargeable, AutoPayInvalid.
    """
    before = current or Wanted(0, 0, None)
    given = {field: _micros(text, field, currency) for field, text in sent(request).items() if field in AMOUNTS}
    for field in ("threshold", "amount"):
        if request.enabled and given.get(field, before.amount_micros or None) is None:
            raise AutoPayInvalid(f"{field}: is needed to switch auto-pay on", field=field)
    threshold, amount = given.get("threshold"), given.get("amount")
    wanted = Wanted(
        before.threshold_micros if threshold is None else threshold,
        before.amount_micros if amount is None else amount,
        given.get("monthly_limit", before.monthly_limit_micros),
    )
    # Off, it may stay as it was under other limits; and if it never was on, nothing may say yet how it would be.
    if request.enabled or (wanted.amount_micros and any(micros is not None for micros in given.values())):
        _check_amounts(wanted, currency, limits)
    return wanted


def _micros(text: str | None, field: str, currency: str) -> int | None:
    """Read an amount of a request. Raises AutoPayInvalid where it has more decimals than the currency."""
    if text is None:
        return None
    micros, places = parse_micros(text), places_of(currency)
    if micros % 10 ** (PLACES - places):
        raise AutoPayInvalid(f"{field}: {text} has more than the {places} decimals of {currency}", field=field)
    return micros


def _check_amounts(wanted: Wanted, currency: str, limits: CurrencyLimits) -> None:
    """Check the amounts against the catalog, against each other, and against what a card can pay."""
    minimum, maximum = limits.auto_pay_minimum_micros, limits.auto_pay_maximum_micros
    about = {"currency": currency, "minimum": format_amount(minimum, currency)}
    about |= {"maximum": format_amount(maximum, currency)}
    if not minimum <= wanted.amount_micros <= maximum:
        detail = f"amount: must be between {about['minimum']} and {about['maximum']} {currency}"
        raise AutoPayInvalid(detail, field="amount", **about)
    try:
        to_card_amount(wanted.amount_micros, currency)
    except NotChargeable as refusal:
        raise NotChargeable(refusal.detail, field="amount", **refusal.about) from None
    highest = maximum // wanted.amount_micros * wanted.amount_micros
    if wanted.threshold_micros > highest:
        most = format_amount(highest, currency)
        detail = f"threshold: one charge brings at most {most} {currency}, so a higher threshold cannot be kept"
        raise AutoPayInvalid(detail, field="threshold", currency=currency, maximum=most)
    if wanted.monthly_limit_micros is not None and wanted.monthly_limit_micros < wanted.amount_micros:
        least = format_amount(wanted.amount_micros, currency)
        detail = f"monthly_limit: leaves no room for a single refill of {least} {currency}"
        raise AutoPayInvalid(detail, field="monthly_limit", currency=currency, minimum=least)


def settings_changed(
    account_id: str, current: AutoPay | None, request: AutoPayRequest, wanted: Wanted, *, actor: str, now_ms: int
) -> AutoPay:
    """Return auto-pay with other settings. Pure.

    It is due at once, so that the schedule looks at it if the request is cut off before it has.
    """
    fresh = AutoPay(
        account_id=account_id, enabled=False, actor=actor, updated_at_ms=now_ms, **msgspec.structs.asdict(wanted)
    )
    before = current or fresh
    # Not while it merely backs off: a program that repeats the settings must not make it try a bad card every time.
    switched_on = request.enabled and (not before.enabled or before.suspended)
    cleared = before.switched_on() if switched_on else before
    return replace(
        cleared,
        **msgspec.structs.asdict(wanted),
        enabled=request.enabled,
        actor=actor,
        updated_at_ms=now_ms,
        due_at_ms=AT_ONCE_MS,
        refunds_known_micros=None,
        refunded_micros=0,
        refunded_at_ms=None,
        version=before.version + 1,
    )
