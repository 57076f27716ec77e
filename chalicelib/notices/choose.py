"""Choose who gets which mails, over what was chosen before."""

from typing import Final

from chalicelib.errors import Refusal
from chalicelib.ledger.post import pause
from chalicelib.notices import table
from chalicelib.notices.choice import Choice, ChoiceRequest

RACES: Final = 8
"""How often a choice is made anew, over what a concurrent one has written."""


class NoticesBusy(Refusal):
    """Too many changes of one choice at once. The caller may simply try again."""

    status = 503
    type = "notices-busy"
    title = "The choice of mails is being changed by others"

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to come back soon."""
        return {"Retry-After": "1"}


def choose(account_id: str, request: ChoiceRequest) -> Choice:
    """Keep a choice, and return it. Raises NoticesBusy."""
    for attempt in range(RACES):
        choice = request.over(table.choice_of(account_id))
        if table.put_choice(account_id, choice):
            return choice
        pause(attempt)
    raise NoticesBusy("the choice of mails is being changed by others; try again", account_id=account_id)
