"""The shape of a wallet, in short, in answers."""

import msgspec

from chalicelib.ledger.wallet import Wallet
from chalicelib.money import format_amount


class Balance(msgspec.Struct):
    """What is in the wallet now; it may be negative."""

    balance: str
    currency: str


def view_balance(wallet: Wallet) -> Balance:
    """Present a wallet in short."""
    return Balance(format_amount(wallet.balance_micros, wallet.currency), wallet.currency)
