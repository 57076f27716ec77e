"""The balance: used up, or low."""

from collections.abc import Iterator

from chalicelib.portal.banners.banner import Action, Banner
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.portal.words import Words


def find_empty_wallet(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell that the balance is used up, or low while nothing refills it. A new account has steps to take instead."""
    if seen.is_archived or seen.is_new:
        return
    add = (Action(words.say("Add Balance"), ("add-balance",)),)
    if seen.balance_micros <= seen.limits.floor_micros:
        if seen.auto_pay.is_refilling:
            text = words.say("Calls and messages are paused. Auto-pay is adding balance, usually within a minute.")
        else:
            text = words.say("Calls and messages are paused until you add balance.")
        yield Banner("bad", words.say("Your balance is used up"), text, add)
    elif seen.balance_micros < seen.limits.low_balance_micros and not _is_refilled(seen):
        text = words.say("Add balance or turn on auto-pay. At zero, calls and messages are paused.")
        if seen.auto_pay.status == "on":
            text = words.say("Add balance: auto-pay has reached its monthly limit. At zero, calls and messages stop.")
        yield Banner("warn", words.say("Your balance is low"), text, add)


def _is_refilled(seen: Snapshot) -> bool:
    return seen.auto_pay.status == "on" and not seen.auto_pay.is_at_limit
