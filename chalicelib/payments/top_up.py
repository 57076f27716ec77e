"""Top up a wallet with the card on file: Add Balance."""

from typing import Final

import msgspec

from chalicelib import clock, idempotency
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.catalog.catalog import Catalog, CurrencyLimits
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.idempotency import Claim, Key
from chalicelib.money import Currency, Decimal, format_amount, parse_micros, to_card_amount
from chalicelib.payments import table
from chalicelib.payments.payment import PREFIX, Failure, Payment
from chalicelib.payments.resolve import Resolved, charge, resolve

OPERATION: Final = "top_up"
DESCRIPTION: Final = "Balance added by card"


class TopUpRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What Add Balance takes. `currency` may be left out; sent, it must be the account's."""

    amount: Decimal
    currency: Currency | None = None


class CurrencyMismatch(Refusal):
    """An amount in another currency than the account's."""

    status = 422
    type = "currency-mismatch"
    title = "The account has another currency"

    def __init__(self, sent: str, currency: str) -> None:
        super().__init__(f"the account's currency is {currency!r}, not {sent!r}", field="currency", currency=currency)


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


class CardMissing(Refusal):
    """There is no card to charge."""

    status = 409
    type = "card-missing"
    title = "There is no card on file"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"save a card first: POST /v1/accounts/{account_id}/card-setups, let the browser confirm it, then "
            f"PUT /v1/accounts/{account_id}/card",
            account_id=account_id,
        )


class CardDeclined(Refusal):
    """The payment came to nothing; nothing was charged. `code` and `decline_code` are Stripe's."""

    status = 402
    type = "card-declined"
    title = "The card was declined"

    def __init__(self, payment: Payment) -> None:
        failure = payment.failure or Failure("unknown")
        super().__init__(
            failure.message or "the card was declined; nothing was charged",
            payment_id=payment.payment_id,
            code=failure.code,
            decline_code=failure.decline_code,
        )


class PaymentCanceled(Refusal):
    """The payment that the key stands for was given up; nothing was charged."""

    status = 409
    type = "payment-canceled"
    title = "The payment was canceled"

    def __init__(self, payment: Payment) -> None:
        reason = payment.failure.code if payment.failure else "canceled"
        super().__init__(
            "this payment was canceled and nothing was charged; take a new Idempotency-Key to pay",
            payment_id=payment.payment_id,
            reason=reason,
        )


def top_up(account: Account, request: TopUpRequest, *, key: Key, actor: str, catalog: Catalog) -> Resolved:
    """Charge the card on file and credit the wallet; with a key that was used before, go on with that payment.

    Returns a payment that succeeded, waits for the customer, or is unresolved. Raises CurrencyMismatch, NotChargeable,
    TopUpOutOfLimits, IdempotencyConflict, CardMissing, CardDeclined, PaymentCanceled, PaymentsUnavailable.
    """
    if request.currency not in {None, account.currency}:
        raise CurrencyMismatch(str(request.currency), account.currency)
    amount_micros = parse_micros(request.amount)
    content = {"amount_micros": amount_micros, "currency": account.currency}
    claim = idempotency.find(account.account_id, key, operation=OPERATION, content=content)
    payment = table.find(account.account_id, claim.resource_id) if claim else None
    if payment:
        return _answered(resolve(payment))
    if claim is None:
        check_amount(amount_micros, account.currency, catalog)
        check_card(account)
        claim = idempotency.claim(account.account_id, key, operation=OPERATION, content=content, prefix=PREFIX)
    # The payment begins now: its claim may have been left behind long ago, by a request that was cut off.
    begun = Claim(claim.resource_id, clock.now_ms())
    tax = tax_of(account, catalog)
    payment, is_new = table.put_new(new_payment(account, begun, amount_micros=amount_micros, actor=actor, tax=tax))
    return _answered(charge(payment) if is_new else resolve(payment))


def check_amount(amount_micros: int, currency: str, catalog: Catalog) -> None:
    """Check an amount against the catalog and what a card can pay. Raises TopUpOutOfLimits, NotChargeable."""
    limits = catalog.limits(currency)
    if not limits.top_up_minimum_micros <= amount_micros <= limits.top_up_maximum_micros:
        raise TopUpOutOfLimits(amount_micros, currency, limits)
    to_card_amount(amount_micros, currency)


def check_card(account: Account) -> None:
    """Check that there is a card to charge. Raises CardMissing."""
    if account.card is None or account.stripe_customer_id is None:
        raise CardMissing(account.account_id)


def new_payment(account: Account, claim: Claim, *, amount_micros: int, actor: str, tax: Tax | None = None) -> Payment:
    """Make the payment of a claim; all that Stripe will be sent is fixed by it. Raises CardMissing."""
    card, customer_id = account.card, account.stripe_customer_id
    if card is None or customer_id is None:
        raise CardMissing(account.account_id)
    return Payment(
        account_id=account.account_id,
        payment_id=claim.resource_id,
        kind="top_up",
        amount_micros=amount_micros,
        currency=account.currency,
        created_at_ms=claim.created_at_ms,
        updated_at_ms=claim.created_at_ms,
        state_at_ms=claim.created_at_ms,
        customer_id=customer_id,
        payment_method_id=card.payment_method_id,
        card_brand=card.brand,
        card_last_four=card.last_four,
        card_fingerprint=card.fingerprint or None,
        actor=actor,
        description=DESCRIPTION,
        tax=tax,
    )


def _answered(resolved: Resolved) -> Resolved:
    """Answer with the payment, or refuse with what it came to.

    Raises CardDeclined, PaymentCanceled, PaymentsUnavailable.
    """
    if resolved.payment.state == "failed":
        raise CardDeclined(resolved.payment)
    if resolved.payment.state == "canceled":
        raise PaymentCanceled(resolved.payment)
    return resolved.unless_held()
