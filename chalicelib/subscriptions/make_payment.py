"""Make the payment of a period or of a change. Pure: it fixes all that Stripe is sent, and all that is on paper."""

from hashlib import sha256

from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.idempotency import Claim
from chalicelib.payments.new_payment import new_payment
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.subscriptions.price import Quote
from chalicelib.subscriptions.subscription import Purpose, Terms, named_period


def make_payment(
    account: Account, claim: Claim, *, purpose: Purpose, terms: Terms, quote: Quote, actor: str, off_session: bool
) -> Payment:
    """Make a payment of what was quoted. Its id and time are the claim's. Raises CardMissing."""
    what = "Change of subscription" if purpose == "change" else quote.lines[0].description
    made = new_payment(
        account,
        claim,
        kind="subscription",
        amount_micros=quote.charge_micros,
        actor=actor,
        description=f"{what}, {named_period(terms)}",
        off_session=off_session,
        tax=quote.tax,
    )
    return replace(
        made,
        lines=quote.lines,
        period_start_ms=terms.period_start_ms,
        period_end_ms=terms.period_end_ms,
    )


def renewal_claim(account_id: str, terms: Terms, *, attempt: int, now_ms: int, untaken: int = 0) -> Claim:
    """Return the claim of an automatic attempt at a period: whoever makes it, and whenever, makes the same id.

    One that takes the place of payments that Stripe never took has another.
    """
    name = f"{account_id}/{terms.period_start_ms}/{attempt}" + (f"/{untaken}" if untaken else "")
    number = sha256(name.encode()).hexdigest()[:20]
    return Claim(f"{PREFIX}{terms.period_start_ms:012x}{number}", now_ms)
