"""A client, by what it does with its subscription and auto-pay, and what its workspace does with it."""

from chalicelib.accounts.account import Account, Standing
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.text import Line
from tests.auto_pay.world import Saver
from tests.subscriptions.world import Subscriber


class Client(Subscriber):
    """A client of a workspace."""

    @property
    def saver(self) -> Saver:
        return Saver(self.account_id, self.emulator)

    def put_standing(self, standing: Standing, reason: str = "it was agreed") -> Account:
        request = StandingRequest(standing, Line(reason))
        return change_standing(self.account(), request, actor="jane", catalog=self.catalog)

    def subscribe(self) -> None:
        """Begin a subscription and auto-pay."""
        self.put("agency")
        self.saver.switch_on()

    @property
    def is_charged_by_itself(self) -> bool:
        """Tell whether a subscription will renew, or auto-pay is on."""
        return not self.subscription.cancel_at_period_end or self.saver.auto_pay.enabled
