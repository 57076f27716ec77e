"""What budgets are called, in the portal and in mails. Pure."""

from typing import Final

from chalicelib.budgets.budget import Period
from chalicelib.i18n.texts import Texts, mark

OF_ALL_USAGE: Final[dict[Period, str]] = {"day": mark("All usage, per day"), "month": mark("All usage, per month")}
OF_A_METER: Final[dict[Period, str]] = {"day": mark("%(meter)s, per day"), "month": mark("%(meter)s, per month")}


def name_of_budget(texts: Texts, meter: str | None, period: Period) -> str:
    """Name a budget, such as "SMS message, per day"; `meter` is the meter's name, None for all usage."""
    if meter is None:
        return texts.say(OF_ALL_USAGE[period])
    return texts.say(OF_A_METER[period], meter=meter)
