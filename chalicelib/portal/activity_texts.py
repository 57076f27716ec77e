"""Say the changes of an account's log in words: "When balance drops below: $10.00 → $25.00"."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import msgspec

from chalicelib.accounts.actor import ShownName
from chalicelib.activity.entry import Kind, Value, is_amount
from chalicelib.activity.view import EntryView, FieldChangeView
from chalicelib.errors import Refusal
from chalicelib.money import parse_micros
from chalicelib.portal import activity_words as texts
from chalicelib.portal.names import Names
from chalicelib.portal.words import Words


class ShownChange(msgspec.Struct, frozen=True):
    """A change in words: a sentence, or a label with the value and the one before it, if there was one.

    `start` is from when it is valid.
    """

    text: str
    before: str | None = None
    after: str | None = None
    start: str | None = None


class ActivityTexts:
    """The words of a log in one language and currency.

    `alerts` and `connections` are what the pages call kinds of mails and states of a connection. `is_client`: a client
    reads its own.
    """

    def __init__(
        self,
        words: Words,
        names: Names,
        currency: str,
        *,
        alerts: Mapping[str, str],
        connections: Mapping[str, str],
        is_client: bool = False,
    ) -> None:
        self._words, self._names, self._currency, self._is_client = words, names, currency, is_client
        self._labels: dict[str, Callable[[str], str]] = {
            "meters": names.meter,
            "taxes": words.country,
            "mails": lambda kind: words.say(alerts[kind]) if kind in alerts else readable(kind),
            "add_ons": names.add_on,
            "limit": self._budget,
            "close": lambda budget: self._of_budget(budget, self._part("close.")),
            "tell": lambda budget: self._of_budget(budget, self._part("tell.")),
        }
        self._values: dict[str, Callable[[str], str]] = {
            "card": lambda text: names.card(*text.split(" ")[:2]),
            "card.card": self._card,
            "rebilling": self._price,
            "taxes": self._tax,
            "budgets": self._percents,
            "account.standing": names.standing,
            "account.country": words.country,
            "account.billing_details.country": words.country,
            "auto_pay.suspended_reason": lambda reason: words.say(texts.SUSPENSIONS[reason]),
            "subscription.status": names.status,
            "subscription.paused_until": words.day,
            "subscription.plan": names.plan,
            "subscription.scheduled.plan": names.plan,
            "stripe_connection.state": lambda state: words.say(connections[state]),
        }

    def kind(self, entry: EntryView) -> str:
        """Say what was changed."""
        if entry.kind != "rebilling" or self._is_client:
            return self.kind_name(entry.kind)
        if entry.client:
            return self._words.say(texts.PRICES_OF, name=entry.client.name)
        return self._words.say(texts.DEFAULT_PRICES)

    def kind_name(self, kind: Kind) -> str:
        """Name a kind of entries."""
        is_own = kind == "rebilling" and self._is_client
        if is_own:
            return self._words.say(texts.OWN_PRICES)
        return self._words.say(texts.KINDS[kind]) if kind in texts.KINDS else readable(kind)

    def who(self, entry: EntryView) -> str:
        """Say who did it."""
        return self._names.who(entry.actor) if entry.actor else self._words.say(texts.UNKNOWN)

    def name_in_file(self, name: ShownName) -> str:
        """Name somebody who did something, whoever reads it."""
        return self._names.in_file(name)

    def changes(self, entry: EntryView) -> list[ShownChange]:
        """Say what changed, each in turn; what changed of one budget is one change."""
        if entry.kind != "budgets":
            return [self._change(entry.kind, each) for each in entry.changes]
        by_budget = sorted(entry.changes, key=lambda each: _budget_of(each.field))
        found = [list(same) for _, same in groupby(by_budget, lambda each: _budget_of(each.field))]
        return [self._of_one_budget(same) for same in found]

    def _of_one_budget(self, changes: Sequence[FieldChangeView]) -> ShownChange:
        if len(changes) == 1:
            return self._change("budgets", changes[0])
        # What is told of a limit stands by itself, after the budget's name; the others have a name of their own.
        shown = [self._change("budgets", each) for each in changes]
        values = [self._values_of(each) for each in shown]
        said = [
            value if each.field.startswith("limit.") else f"{self._part(each.field)}{self._words.colon}{value}"
            for each, value in zip(changes, values, strict=True)
        ]
        return ShownChange(self._budget(_budget_of(changes[0].field)), after=" · ".join(said))

    def line(self, entry: EntryView, change: FieldChangeView) -> str:
        """Say a change in one line of text."""
        shown = self._change(entry.kind, change)
        said = shown.text if shown.after is None else f"{shown.text}{self._words.colon}{self._values_of(shown)}"
        return f"{entry.client.name} · {said}" if entry.client else said

    @staticmethod
    def _values_of(shown: ShownChange) -> str:
        return f"{shown.after}" if shown.before is None else f"{shown.before} → {shown.after}"

    def _change(self, kind: str, change: FieldChangeView) -> ShownChange:
        try:
            return self._in_words(kind, change)
        except (LookupError, ValueError, TypeError, AttributeError, Refusal):
            # A value that has no words here, such as one that a newer version has written, is shown as it is.
            before, after = (None if each is None else str(each) for each in (change.before, change.after))
            return ShownChange(readable(change.field), before, after or "", change.start)

    def _in_words(self, kind: str, change: FieldChangeView) -> ShownChange:
        sentence = self._sentence(kind, change)
        if sentence:
            return ShownChange(sentence, start=change.start)
        before = None if change.before is None else self._value(kind, change.field, change.before)
        after = self._value(kind, change.field, change.after)
        return ShownChange(self._label(kind, change.field), before, after, change.start)

    def _sentence(self, kind: str, change: FieldChangeView) -> str | None:
        """Say what needs no two values; None for all other changes."""
        name = f"{kind}.{change.field}"
        found = texts.CHARGED if name == "rebilling.enabled" and self._is_client else texts.SENTENCES.get(name)
        is_another = kind == "card" and None not in {change.before, change.after}
        if found is None or is_another:
            return None
        now, no_more = found
        value = change.after or change.before
        return self._words.say(now if change.after else no_more, value=self._value(kind, change.field, value))

    def _label(self, kind: str, field: str) -> str:
        if field.startswith(texts.SCHEDULED):
            return self._words.say(texts.NEXT, what=self._label(kind, field.removeprefix(texts.SCHEDULED)))
        label = texts.DEFAULTS.get(kind) if field == "default" else texts.LABELS.get(field)
        of, _, name = field.partition(".")
        if label is None and of in self._labels:
            return self._labels[of](name)
        return self._words.say(label) if label else readable(field)

    def _value(self, kind: str, field: str, value: Value) -> str:
        if isinstance(value, bool):
            return self._words.say(texts.ON if value else texts.OFF)
        if value is None:
            return self._nothing(kind, field)
        if isinstance(value, int):
            return self._words.number(value)
        if is_amount(field):
            return self._words.money(value, self._currency)
        say = self._values.get(f"{kind}.{field}") or self._values.get(kind)
        return say(value) if say else value

    def _nothing(self, kind: str, field: str) -> str:
        """Say that there is no value any more."""
        if "add_ons." in field:
            return self._words.number(0)
        if kind == "rebilling" and field != "allowance":
            cleared = texts.CLEARED[field == "default"]
            return self._words.say(texts.NEW_PRICE if self._is_client else cleared)
        return self._words.say(texts.NOTHING)

    def _part(self, field: str) -> str:
        """Name what is set of a budget, beside its limit."""
        if field.startswith("close."):
            return self._words.say(texts.CLOSES, percent=self._words.percent(1))
        return self._words.say(texts.TELLS)

    def _budget(self, budget_id: str) -> str:
        meter, _, period = budget_id.rpartition(".")
        return self._names.budget(meter or None, "day" if period == "day" else "month")

    def _of_budget(self, budget_id: str, what: str) -> str:
        return f"{self._budget(budget_id)} · {what}"

    def _percents(self, text: str) -> str:
        """Say at which percentages a budget tells: `50, 75`."""
        return self._words.comma.join(self._words.percent(int(each) / 100) for each in text.split(", "))

    def _card(self, text: str) -> str:
        """Name a card: `visa 4242 2030-08`."""
        brand, last_four, expiry = text.rsplit(" ", 2)
        month = self._words.month(f"{expiry}-01")
        return self._words.say(texts.CARD, card=self._names.card(brand, last_four), month=month)

    def _price(self, text: str) -> str:
        """Say a price: `at_cost`, `absorbed`, `price 0.04` or `markup 1.5`."""
        state, _, number = text.partition(" ")
        if state == "price":
            return self._words.money(number, self._currency)
        if state == "absorbed" and self._is_client:
            return self._words.say(texts.FREE)
        return self._words.say(texts.PRICES[state], number=self._words.number(number) if number else "")

    def _tax(self, text: str) -> str:
        """Say a tax: `VAT 19 inclusive`."""
        name, rate, kind = text.rsplit(" ", 2)
        return self._words.say(texts.TAXES[kind], name=name, rate=self._words.quantity(parse_micros(rate)))


def _budget_of(field: str) -> str:
    """Return the id of the budget that a field is of: `limit.sms.day`."""
    return field.partition(".")[2]


def readable(name: str) -> str:
    """Return a name of the API that has no words here, in readable form."""
    return name.replace("_", " ").replace(".", " ").capitalize()
