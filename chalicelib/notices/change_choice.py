"""Choose who gets which mails, over what was chosen before."""

from typing import Final

from chalicelib.backoff import attempts
from chalicelib.errors import Busy
from chalicelib.notices import table
from chalicelib.notices.choice import Choice, ChoiceRequest

WRITERS: Final = 8
"""Changes of one choice at once."""


class NoticesBusy(Busy):
    """Too many changes of one choice at once."""

    type = "notices-busy"
    title = "The choice of mails is being changed by others"


def change_choice(account_id: str, request: ChoiceRequest) -> Choice:
    """Keep a choice, and return it. Raises NoticesBusy."""
    for _ in attempts(WRITERS):
        choice = request.over(table.choice_of(account_id))
        if table.put_choice(account_id, choice):
            return choice
    raise NoticesBusy(account_id=account_id)
