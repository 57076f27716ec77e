"""What keeps an account from being forgotten, each with what to do about it. Pure."""

from collections.abc import Iterator

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.money import format_amount


class OpenMatters(msgspec.Struct, frozen=True, kw_only=True):
    """What may still be open for an account."""

    account: Account
    balance_micros: int = 0
    subscription_status: str | None = None
    auto_pay_on: bool = False
    unresolved_payments: tuple[str, ...] = ()
    unsettled_reversals: tuple[str, ...] = ()
    open_allowances: tuple[str, ...] = ()
    move_open: bool = False
    connected: bool = False
    clients: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def obstacles(found: OpenMatters) -> Iterator[str]:
    """Yield each obstacle as a sentence."""
    yield from (f"{what} cannot be read: mend it first" for what in found.unreadable)
    yield from (sentence for is_there, sentence in _switches(found) if is_there)
    for payment_id in found.unresolved_payments:
        yield f"payment {payment_id} is not resolved: wait, the sweeper ends it within a day or two"
    yield from (f"a refund or dispute is open: {key}" for key in found.unsettled_reversals)
    yield from (f"the allowance of {month} has not ended" for month in found.open_allowances)
    currency = found.account.currency
    amount = f"{format_amount(abs(found.balance_micros), currency)} {currency}"
    if found.balance_micros > 0:
        yield f"the wallet holds {amount}: refund it, or debit it with an adjustment"
    if found.balance_micros < 0:
        yield f"the account owes {amount}: collect it, or credit it with an adjustment"


def _switches(found: OpenMatters) -> Iterator[tuple[object, str]]:
    """Yield what is open or not, each with its sentence."""
    status, clients = found.subscription_status, ", ".join(found.clients)
    yield status, f"the subscription is {status}: cancel it, and wait until its period is over"
    yield found.auto_pay_on, "auto-pay is on: switch it off"
    yield found.move_open, "a move to another workspace is asked for or not settled"
    yield found.connected, "its Stripe account is connected: disconnect it"
    yield clients, f"it has clients that are not forgotten: {clients}"
