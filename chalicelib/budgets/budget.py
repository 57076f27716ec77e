"""A budget: what it limits and what happens on the way to its limit. Pure."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chalicelib.errors import Busy, Refusal

Period = Literal["day", "month"]
Percent = Literal[50, 75, 100]

PERIODS: Final[tuple[Period, ...]] = ("day", "month")
PERCENTS: Final[tuple[Percent, ...]] = (50, 75, 100)

MOST_BUDGETS: Final = 20
"""How many an account may have. They are in one row, which every question about access reads."""

BudgetId = Annotated[
    str, Meta(description="`day` or `month`, or a meter and one of them.", examples=["month", "sms.day"])
]


class BudgetsBusy(Busy):
    """Too many concurrent changes of one account's budgets."""

    type = "budgets-busy"
    title = "The budgets are being changed by others"


class BudgetNotFound(Refusal):
    """A budget for something that cannot have one."""

    status = 404
    type = "budget-not-found"
    title = "No such budget"


class BudgetInvalid(Refusal):
    """A limit that no spending reaches, or one that the currency does not have."""

    status = 422
    type = "budget-invalid"
    title = "This budget does not work"


class TooManyBudgets(Refusal):
    """The account has as many budgets as it may have."""

    status = 409
    type = "too-many-budgets"
    title = "There are too many budgets"

    def __init__(self) -> None:
        super().__init__(f"an account may have {MOST_BUDGETS} budgets; delete one", maximum=MOST_BUDGETS)


class Told(msgspec.Struct, frozen=True):
    """The last threshold that was told: in which period, of which limit, and what was spent then."""

    period: str
    limit_micros: int
    percent: Percent
    spent_micros: int
    at_ms: int


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A limit for each day or month (UTC) of an account, or of one of its meters.

    `tell` lists the percentages of the limit that are told; if the budget closes, the limit itself always is.
    """

    meter: str | None
    period: Period
    limit_micros: int
    currency: str
    tell: tuple[Percent, ...]
    close: bool
    actor: str
    updated_at_ms: int
    told: Told | None = None

    @property
    def budget_id(self) -> str:
        """Return its id: there is one budget for each meter, or the whole account, and period."""
        return self.period if self.meter is None else f"{self.meter}.{self.period}"

    def tells(self, percent: int) -> bool:
        """Tell whether reaching a threshold is told."""
        return percent in self.tell or (percent == PERCENTS[-1] and self.close)


class Budgets(msgspec.Struct, frozen=True):
    """An account's budgets, in the order of their ids. Every change increments `version`."""

    account_id: str
    budgets: tuple[Budget, ...] = ()
    version: int = 0

    def find(self, budget_id: str) -> Budget | None:
        """Return a budget by its id."""
        return next((each for each in self.budgets if each.budget_id == budget_id), None)

    def put(self, budget: Budget) -> "Budgets":
        """Return them with a budget added or changed. Raises TooManyBudgets."""
        others = self.without(budget.budget_id).budgets
        if len(others) >= MOST_BUDGETS:
            raise TooManyBudgets
        ordered = sorted((*others, budget), key=lambda each: (each.meter or "", each.period))
        return replace(self, budgets=tuple(ordered))

    def without(self, budget_id: str) -> "Budgets":
        """Return them without a budget."""
        return replace(self, budgets=tuple(each for each in self.budgets if each.budget_id != budget_id))
