"""Top up a wallet with the card on file: Add Balance."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from chalicelib import clock, idempotency
from chalicelib.accounts.account import Account, CurrencyMismatch, check_not_archived
from chalicelib.accounts.tax import tax_of
from chalicelib.cards.card import LONGEST_CARD_ID
from chalicelib.cards.choose_card import CardNotFound
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.claim import Claim
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.money import Currency, Decimal, format_amount, parse_micros, to_card_amount
from chalicelib.payments import table
from chalicelib.payments.new_payment import check_card, new_payment
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.payments.refusals import refuse_unpaid
from chalicelib.payments.resolve import Resolution, charge, resolve

OPERATION: Final = "top_up"
DESCRIPTION: Final = "Balance added by card"


class TopUpRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What Add Balance takes. `currency` may be left out; sent, it must be the account's.

    `card_id` is one of the cards on file; without it, the default is charged.
    """

    amount: Decimal
    currency: Currency | None = None
    card_id: Annotated[str, Meta(min_length=1, max_length=LONGEST_CARD_ID)] | None = None


class TopUpOutOfLimits(Refusal):
    """An amount that cannot be added at once."""

    status = 422
    type = "top-up-out-of-limits"
    title = "The amount is outside the limits"

    def __init__(self, amount_micros: int, currency: str, limits: CurrencyLimits) -> None:
        minimum = format_amount(limits.top_up_minimum_micros, currency)
        maximum = format_amount(limits.top_up_maximum_micros, currency)
        super().__init__(
            f"{format_amount(amount_micros, currency)} {currency} is not between {minimum} and {maximum}",
            field="amount",
            minimum=minimum,
            maximum=maximum,
            currency=currency,
        )


def top_up(payer: Payer, request: TopUpRequest, *, key: Key, actor: str, catalog: Catalog) -> Resolution:
    """Charge a card on file and credit the wallet. A key that was used before stands for the payment it made.

    Returns a payment that succeeded, waits for the customer, or is unresolved. Raises CurrencyMismatch, NotChargeable,
    AccountArchived, TopUpOutOfLimits, IdempotencyConflict, CardMissing, CardNotFound, CardDeclined, PaymentCanceled,
    PaymentsUnavailable.
    """
    currency = payer.account.currency
    if request.currency not in {None, currency}:
        raise CurrencyMismatch(str(request.currency), currency)
    payment, is_new = _find_or_write(payer, request, key=key, actor=actor, catalog=catalog)
    resolution = charge(payment) if is_new else resolve(payment)
    refuse_unpaid(resolution.payment)
    return resolution.require_available()


def _find_or_write(
    payer: Payer, request: TopUpRequest, *, key: Key, actor: str, catalog: Catalog
) -> tuple[Payment, bool]:
    """Return the payment that a key stands for, and whether it was written now."""
    account, amount_micros = payer.account, parse_micros(request.amount)
    content: dict[str, Any] = {"amount_micros": amount_micros, "currency": account.currency}
    if request.card_id:
        content["card_id"] = request.card_id
    claim = idempotency.find(account.account_id, key, operation=OPERATION, content=content)
    payment = table.find(account.account_id, claim.resource_id) if claim else None
    if payment:
        return payment, False
    check_not_archived(account)
    if request.card_id:
        payer = _paying_with(payer, request.card_id)
    if claim is None:
        check_amount(amount_micros, account, catalog)
        check_card(payer)
        claim = idempotency.claim(account.account_id, key, operation=OPERATION, content=content, prefix=PREFIX)
    # The payment is made now: a request that was cut off may have left its claim long ago.
    made = new_payment(
        payer,
        Claim(claim.resource_id, clock.now_ms()),
        kind="top_up",
        amount_micros=amount_micros,
        actor=actor,
        description=DESCRIPTION,
        tax=tax_of(account, catalog),
        fee=catalog.connect,
    )
    return table.put_new(made)


def _paying_with(payer: Payer, card_id: str) -> Payer:
    card = payer.find_card(card_id)
    if card is None:
        raise CardNotFound(card_id)
    return payer.paying_with(card)


def check_amount(amount_micros: int, account: Account, catalog: Catalog) -> None:
    """Check an amount against the catalog and what a card can pay. Raises TopUpOutOfLimits, NotChargeable."""
    currency = account.currency
    limits = catalog.limits(currency, account.kind)
    if not limits.top_up_minimum_micros <= amount_micros <= limits.top_up_maximum_micros:
        raise TopUpOutOfLimits(amount_micros, currency, limits)
    to_card_amount(amount_micros, currency)
