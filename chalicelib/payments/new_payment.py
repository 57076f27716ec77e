"""Make a payment by the card on file, of whatever kind. Pure: it fixes all that Stripe is sent."""

from chalicelib.cards.payer import Payer
from chalicelib.catalog.connect_fee import ConnectFee
from chalicelib.catalog.tax import Tax
from chalicelib.claim import Claim
from chalicelib.errors import Refusal
from chalicelib.payments.payment import Kind, Payment


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


def check_card(payer: Payer) -> None:
    """Check that there is a card to charge. Raises WorkspaceNotConnected, CardMissing."""
    payer.require_connected()
    if payer.chargeable_card is None:
        raise CardMissing(payer.account_id)


def new_payment(
    payer: Payer,
    claim: Claim,
    *,
    kind: Kind,
    amount_micros: int,
    actor: str,
    description: str,
    off_session: bool = False,
    tax: Tax | None = None,
    fee: ConnectFee | None = None,
) -> Payment:
    """Make the payment of a claim; all that Stripe will be sent is fixed by it. A connected account pays the `fee`.

    Raises WorkspaceNotConnected, CardMissing.
    """
    stripe_account = payer.require_connected()
    card, customer_id, currency = payer.card, payer.customer_id, payer.account.currency
    if card is None or customer_id is None:
        raise CardMissing(payer.account_id)
    return Payment(
        account_id=payer.account_id,
        payment_id=claim.resource_id,
        kind=kind,
        amount_micros=amount_micros,
        currency=currency,
        created_at_ms=claim.created_at_ms,
        updated_at_ms=claim.created_at_ms,
        state_at_ms=claim.created_at_ms,
        customer_id=customer_id,
        payment_method_id=card.payment_method_id,
        card_brand=card.brand,
        card_last_four=card.last_four,
        card_fingerprint=card.fingerprint or None,
        actor=actor,
        description=description,
        # Of the same read as the Stripe account: a client that is moved meanwhile pays where its money goes.
        workspace_id=payer.account.workspace_id,
        stripe_account=stripe_account.id,
        application_fee_micros=fee.of(amount_micros, currency) if fee and stripe_account.id else 0,
        off_session=off_session,
        tax=tax,
    )
