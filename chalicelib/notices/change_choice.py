"""Change the choice of who gets which mails."""

from typing import Final

from chalicelib.backoff import attempts
from chalicelib.errors import Busy
from chalicelib.notices import table
from chalicelib.notices.choice import Choice, ChoiceRequest

ATTEMPTS: Final = 8
"""How many times a change is attempted when concurrent writes conflict with it."""


class NoticesBusy(Busy):
    """There are too many concurrent changes of one choice."""

    type = "notices-busy"
    title = "The choice of mails is being changed by others"


def change_choice(account_id: str, request: ChoiceRequest) -> Choice:
    """Apply a request to an account's choice, store it and return it. Raises NoticesBusy."""
    for _ in attempts(ATTEMPTS):
        choice = request.over(table.choice_of(account_id))
        if table.put_choice(account_id, choice):
            return choice
    raise NoticesBusy(account_id=account_id)
