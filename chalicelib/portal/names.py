"""What things are called: kinds, states, meters, units, plans and add-ons, for people.

Names from the catalog are shown translated if there is a translation, and unchanged if not.
"""

from typing import Final

from chalicelib.accounts.actor import ShownName
from chalicelib.budgets.budget import Period
from chalicelib.budgets.names import name_of_budget
from chalicelib.catalog.catalog import Catalog
from chalicelib.history.names import KINDS as WALLET_KINDS
from chalicelib.history.names import UNITS, plural_of
from chalicelib.i18n.texts import mark
from chalicelib.money import MICROS, format_micros, parse_micros, round_half_up
from chalicelib.payments.card_name import card_name
from chalicelib.payments.words import KINDS as PAYMENT_KINDS
from chalicelib.portal.actor_name import actor_name
from chalicelib.portal.session import Session
from chalicelib.portal.words import Words

KINDS: Final = {
    **PAYMENT_KINDS,
    **WALLET_KINDS,
}

PURPOSES: Final = {**PAYMENT_KINDS, "top_up": mark("Add Balance")}
"""What a payment is for, whether it succeeds or not."""

STATES: Final = {
    "created": mark("Not confirmed yet"),
    "requires_action": mark("Needs your verification"),
    "processing": mark("With your bank"),
    "canceled": mark("Canceled"),
    "failed": mark("Declined"),
    "succeeded": mark("Paid"),
    "refunded": mark("Refunded"),
    "disputed": mark("Disputed"),
}

TONES: Final = {"succeeded": "good", "failed": "bad", "canceled": "quiet", "refunded": "quiet", "disputed": "bad"}
"""How a state is shown; one that is not listed here is still waiting for something."""

STATUSES: Final = {
    "incomplete": mark("Waiting for its first payment"),
    "trialing": mark("Free trial"),
    "active": mark("Active"),
    "paused": mark("Paused"),
    "past_due": mark("Payment overdue"),
    "unpaid": mark("Not paid"),
    "canceled": mark("Ended"),
}

MOVES: Final = {
    "requested": mark("Waiting for an answer"),
    "accepted": mark("Accepted"),
    "declined": mark("Declined"),
    "withdrawn": mark("Withdrawn"),
    "expired": mark("Expired"),
}
"""States of a request to move a client."""

MOVE_TONES: Final = {"requested": "open", "accepted": "good", "declined": "bad"}

HEALTH: Final = {
    "on": mark("On"),
    "off": mark("Off"),
    "waiting": mark("Waiting"),
    "suspended": mark("Suspended"),
}
"""What auto-pay of a client does."""

HEALTH_TONES: Final = {"on": "good", "waiting": "open", "suspended": "bad", "off": "quiet"}

HUNDREDTH: Final = MICROS // 100


class Names:
    """Names in one language, of one catalog, for the person of a session."""

    def __init__(self, words: Words, catalog: Catalog, person: Session | None = None) -> None:
        self._words, self._catalog, self._person = words, catalog, person

    def who(self, name: ShownName) -> str:
        """Say who did something."""
        subject, account_id = (self._person.subject, self._person.account_id) if self._person else (None, "")
        return actor_name(self._words, name, subject=subject, account_id=account_id)

    def in_file(self, name: ShownName) -> str:
        """Say who did something, in a file that others read, too."""
        account_id = self._person.account_id if self._person else ""
        return actor_name(self._words, name, subject=None, account_id=account_id)

    def kind(self, kind: str) -> str:
        """Name a kind of transaction or payment."""
        return self._known(KINDS, kind)

    def purpose(self, kind: str) -> str:
        """Say what a payment is for."""
        return self._known(PURPOSES, kind)

    def state(self, state: str) -> str:
        """Name a payment's state."""
        return self._known(STATES, state)

    def tone(self, state: str) -> str:
        """Say how a payment's state is shown."""
        return TONES.get(state, "open")

    def status(self, status: str) -> str:
        """Name a subscription's status."""
        return self._known(STATUSES, status)

    def canceled(self) -> str:
        """Name the status of a subscription that is canceled and runs until its period ends."""
        return self._words.say_in("subscription", "Canceled")

    def standing(self, standing: str) -> str:
        """Name an account's standing."""
        said = {
            "active": self._words.say_in("client", "Active"),
            "suspended": self._words.say_in("client", "Suspended"),
            "archived": self._words.say("Archived"),
        }
        return said.get(standing, standing)

    def move(self, state: str) -> str:
        """Name the state of a request to move a client."""
        return self._known(MOVES, state)

    def move_tone(self, state: str) -> str:
        """Say how that is shown."""
        return MOVE_TONES.get(state, "quiet")

    def health(self, health: str) -> str:
        """Name what auto-pay of a client does."""
        return self._known(HEALTH, health)

    def health_tone(self, health: str) -> str:
        """Say how that is shown."""
        return HEALTH_TONES.get(health, "quiet")

    def meter(self, meter: str) -> str:
        """Name a meter; one that is not in the catalog any more, by its key in readable form."""
        found = self._catalog.meters.get(meter)
        return self._words.say(found.name) if found else meter.replace("_", " ").capitalize()

    def budget(self, meter: str | None, period: Period) -> str:
        """Name a budget: SMS message, per day."""
        return name_of_budget(self._words, self.meter(meter) if meter else None, period)

    def plan(self, plan: str) -> str:
        """Name a plan."""
        found = self._catalog.plans.get(plan)
        return self._words.say(found.name) if found else plan

    def add_on(self, add_on: str) -> str:
        """Name an add-on."""
        found = self._catalog.add_ons.get(add_on)
        return self._words.say(found.name) if found else add_on

    def card(self, brand: str, last_four: str, wallet: str | None = None) -> str:
        """Name a card: Visa ending in 4242, or Visa ending in 4242 (Apple Pay)."""
        return card_name(self._words, brand, last_four, wallet)

    def measure(self, meter: str, quantity_micros: int, count: int) -> str:
        """Say how much was used in all, in hundredths: `2,045.44 minutes`; without a quantity, how many events."""
        micros = quantity_micros or count * MICROS
        if micros >= HUNDREDTH:
            micros = round_half_up(micros, HUNDREDTH) * HUNDREDTH
        return self._measured(meter, micros)

    def _measured(self, meter: str, micros: int) -> str:
        found = self._catalog.meters.get(meter)
        shown = self._words.number(format_micros(micros))
        forms = UNITS.get(found.unit) if found else None
        if forms is None:
            return f"{shown} {found.unit if found else ''}".strip()
        return self._words.plural(forms, plural_of(micros), number=shown)

    def one(self, unit: str) -> str:
        """Name one of a unit: `1 message`."""
        forms, number = UNITS.get(unit), self._words.number("1")
        return self._words.plural(forms, 1, number=number) if forms else f"{number} {unit}"

    def quantity(self, meter: str, quantity: str) -> str:
        """Say exactly how much one event used: `3.456789 minutes`."""
        return self._measured(meter, parse_micros(quantity))

    def _known(self, names: dict[str, str], name: str) -> str:
        return self._words.say(names[name]) if name in names else name.replace("_", " ").capitalize()
