"""The first steps of a new account: what is done, and what comes next. Pure."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from chalicelib.ledger.posting import CREDIT
from chalicelib.ledger.transaction import Transaction

Step = Literal["card", "balance", "auto-pay", "plan"]
State = Literal["open", "waiting", "done"]


class FirstStep(msgspec.Struct, frozen=True):
    """One step: open, waiting for a payment that has not ended, or done. A plan is an offer: nothing waits for it."""

    name: Step
    state: State


def is_new(balance_micros: int, non_usage: Sequence[Transaction], *, is_complete: bool) -> bool:
    """Tell whether a wallet never had a credit, and nothing was used either: then its balance is negative.

    `non_usage` are its newest transactions that are not usage, all of them if `is_complete`.
    """
    had_credit = any(each.leg.type == CREDIT for each in non_usage)
    return balance_micros == 0 and is_complete and not had_credit


def first_steps(
    *, has_card: bool, is_paying: bool, has_auto_pay: bool, has_plan: bool | None, owes: bool = False
) -> list[FirstStep]:
    """Return the steps of a new account; none for one that `owes` a renewal. `has_plan` is None where none is sold."""
    if owes:
        return []
    steps = [
        FirstStep("card", _done_if(has_card)),
        FirstStep("balance", "waiting" if is_paying else "open"),
        FirstStep("auto-pay", _done_if(has_auto_pay)),
    ]
    return steps if has_plan is None else [*steps, FirstStep("plan", _done_if(has_plan))]


def _done_if(is_done: bool) -> State:  # noqa: FBT001 - its only argument
    return "done" if is_done else "open"
