"""Change the choice of who gets which mails."""

from typing import Final

from chalicelib.accounts.account import Account
from chalicelib.backoff import attempts
from chalicelib.errors import Busy, Refusal
from chalicelib.notices import table
from chalicelib.notices.choice import Choice, ChoiceRequest

ATTEMPTS: Final = 8
"""How many times a change is attempted when concurrent writes conflict with it."""


class NoticesBusy(Busy):
    """There are too many concurrent changes of one choice."""

    type = "notices-busy"
    title = "The choice of mails is being changed by others"


class ChoiceChanged(Refusal):
    """The choice was changed after it was read. That change is kept."""

    status = 409
    type = "notices-changed"
    title = "The choice of mails was changed meanwhile"


def change_choice(
    account: Account, request: ChoiceRequest, *, over: int | None = None, actor: str | None = None
) -> Choice:
    """Apply a request to an account's choice, store it and return it.

    With `over`, the choice must still have that version. Raises ChoiceChanged, LowBalanceInvalid, NoticesBusy.
    """
    for _ in attempts(ATTEMPTS):
        kept = table.choice_of(account.account_id)
        if over not in {None, kept.version}:
            raise ChoiceChanged("look at the choice again, and send it once more")
        choice = request.over(kept, account.currency)
        if table.put_choice(account.account_id, choice, by=actor):
            return choice
    raise NoticesBusy(account_id=account.account_id)
