"""Ask all rules what needs attention."""

from typing import Final

from chalicelib.portal.banners.account import find_broken_connection, find_stopped
from chalicelib.portal.banners.banner import Banner
from chalicelib.portal.banners.budgets import find_used_up_budgets
from chalicelib.portal.banners.card import find_auto_pay_trouble, find_expiring_card, find_missing_card
from chalicelib.portal.banners.payments import find_disputed, find_failed, find_unresolved
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.portal.banners.subscription import find_overdue, find_pause, find_scheduled_change
from chalicelib.portal.banners.wallet import find_empty_wallet
from chalicelib.portal.words import Words

RULES: Final = (
    find_stopped,
    find_broken_connection,
    find_unresolved,
    find_empty_wallet,
    find_used_up_budgets,
    find_overdue,
    find_auto_pay_trouble,
    find_missing_card,
    find_expiring_card,
    find_failed,
    find_disputed,
    find_pause,
    find_scheduled_change,
)
TONES: Final = ("bad", "warn", "quiet")


def find_banners(seen: Snapshot, words: Words) -> list[Banner]:
    """Return what needs attention, the most urgent first."""
    found = [banner for rule in RULES for banner in rule(seen, words)]
    return sorted(found, key=lambda banner: TONES.index(banner.tone))
