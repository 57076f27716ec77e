"""Make the payment of a period or a change: everything sent to Stripe and shown on the invoice is fixed here."""

from hashlib import sha256

from msgspec.structs import replace

from chalicelib.cards.payer import Payer
from chalicelib.claim import Claim
from chalicelib.payments.new_payment import new_payment
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.subscriptions.price import Quote
from chalicelib.subscriptions.subscription import Purpose, Terms, format_period


def make_payment(
    payer: Payer, claim: Claim, *, purpose: Purpose, terms: Terms, quote: Quote, actor: str, off_session: bool
) -> Payment:
    """Make the payment of a quote. Its id and time are those of the claim. Raises CardMissing."""
    what = "Change of subscription" if purpose == "change" else quote.lines[0].description
    made = new_payment(
        payer,
        claim,
        kind="subscription",
        amount_micros=quote.charge_micros,
        actor=actor,
        description=f"{what}, {format_period(terms)}",
        off_session=off_session,
        tax=quote.tax,
    )
    return replace(
        made,
        lines=quote.lines,
        period_start_ms=terms.period_start_ms,
        period_end_ms=terms.period_end_ms,
    )


def renewal_claim(
    account_id: str, terms: Terms, *, attempt: int, now_ms: int, never_made_attempts: int = 0, backup: bool = False
) -> Claim:
    """Return the claim of an automatic attempt at a period. The same attempt always has the same id.

    Its try of the backup has an id of its own, and so has an attempt that replaces payments that Stripe never received.
    """
    name = f"{account_id}/{terms.period_start_ms}/{attempt}"
    if never_made_attempts:
        name += f"/{never_made_attempts}"
    if backup:
        name += "/backup"
    number = sha256(name.encode()).hexdigest()[:20]
    return Claim(f"{PREFIX}{terms.period_start_ms:012x}{number}", now_ms)
