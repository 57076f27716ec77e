"""What the log's changes are called: every field that a rule may find has words in each language that is complete."""

from typing import Any, get_args

import pytest

from chalicelib.accounts.account import Standing
from chalicelib.accounts.actor import ShownName
from chalicelib.activity.entry import KINDS, Kind
from chalicelib.activity.view import ClientOfEntry, EntryView, FieldChangeView
from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.catalog.catalog import catalog
from chalicelib.connection.connection import State
from chalicelib.portal import activity_words
from chalicelib.portal.activity_texts import ActivityTexts
from chalicelib.portal.names import Names
from chalicelib.portal.pages.activity import activity_texts
from chalicelib.portal.pages.connection import STATES
from chalicelib.portal.words import Words
from chalicelib.subscriptions.subscription import Status

VISA = "visa 4242 2030-08"
SAID: list[tuple[Kind, str, Any, Any, str]] = [
    ("account", "account", None, "Acme", "Account created: Acme"),
    ("account", "workspace_id", None, None, "Moved to another workspace"),
    ("account", "standing", "active", "suspended", "Status: Active → Suspended"),
    ("account", "billing_details.country", None, "DE", "Country on invoices: Germany"),
    ("card", "card", None, VISA, "Card added: Visa ending in 4242, valid through August 2030"),
    ("card", "card", VISA, None, "Card removed: Visa ending in 4242, valid through August 2030"),
    (
        "card",
        "card",
        VISA,
        "visa 4242 2033-08",
        "Card updated: Visa ending in 4242, valid through August 2030 → Visa ending in 4242, valid through August 2033",
    ),
    ("card", "backup", None, VISA, "Backup card: Visa ending in 4242"),
    (
        "card",
        "default",
        VISA,
        "amex 0005 2031-12",
        "Default card: Visa ending in 4242 → American Express ending in 0005",
    ),
    ("auto_pay", "monthly_limit", "300.00", None, "Monthly limit: $300.00 → None"),
    ("auto_pay", "enabled", False, True, "Turned on"),
    ("auto_pay", "enabled", True, False, "Turned off"),
    ("auto_pay", "threshold", "10.00", "25.00", "When balance drops below: $10.00 → $25.00"),
    ("auto_pay", "suspended_reason", None, "declines", "Suspended: your card was declined too often"),
    ("auto_pay", "suspended_reason", "declines", None, "No longer suspended"),
    ("subscription", "plan", "agency", "starter", "Plan: Agency → Starter"),
    ("subscription", "add_ons.phone_number", 2, None, "Phone number: 2 → 0"),
    ("subscription", "scheduled.plan", None, "starter", "Plan from the next period: Starter"),
    ("subscription", "scheduled.add_ons.phone_number", None, 3, "Phone number from the next period: 3"),
    ("subscription", "cancel_at_period_end", None, True, "Canceled: it ends with its period"),
    ("subscription", "paused_until", None, "2027-03-15", "Pause until Mar 15, 2027"),
    ("notices", "mails.receipt", True, False, "Receipt: On → Off"),
    ("notices", "low_balance_threshold", None, "25.00", "Low balance below: $25.00"),
    ("budgets", "limit.sms.day", "50.00", "75.00", "SMS message, per day: $50.00 → $75.00"),
    ("budgets", "close.month", None, True, "All usage, per month · Close access at 100%: On"),
    ("budgets", "tell.month", "50, 75", None, "All usage, per month · Email me at: 50%, 75% → None"),
    ("rebilling", "enabled", None, True, "Charging turned on"),
    ("rebilling", "meters.sms", "at_cost", "price 0.0025", "SMS message: At cost → $0.0025"),
    ("rebilling", "default", None, "markup 1.5", "All other usage: 1.5 times your cost"),
    ("taxes", "taxes.DE", None, "USt 19 inclusive", "Germany: USt 19%, included in prices"),
    ("stripe_connection", "state", "none", "active", "Status: Not connected → Connected"),
    ("subscription", "scheduled", None, None, "Scheduled change dropped"),
    ("rebilling", "meters.sms", "price 0.04", None, "SMS message: $0.04 → Same as the default"),
    ("invitation", "sent_to", None, "bo@salon.example", "Invitation sent to bo@salon.example"),
    ("subscription", "of_tomorrow", None, "new", "Of tomorrow: new"),
    ("stripe_connection", "state", "active", "gone", "State: active → gone"),
    ("card", "card", None, "visa", "Card: visa"),
    ("taxes", "taxes.DE", None, "VAT", "Taxes de: VAT"),
    ("rebilling", "meters.sms", None, "discount 3", "Meters sms: discount 3"),
    ("notices", "mails.subscription_past_due", None, False, "Subscription payment failed: Off"),
]


def texts(locale: str = "en", *, is_client: bool = False) -> ActivityTexts:
    words = Words(locale)
    return activity_texts(words, Names(words, catalog()), "usd", is_client=is_client)


def entry_of(kind: Kind, *changes: FieldChangeView, client: ClientOfEntry | None = None) -> EntryView:
    return EntryView("1", "2026-11-30T00:00:00.000Z", kind, ShownName("kim"), list(changes), client)


@pytest.mark.parametrize(("kind", "field", "before", "after", "said"), SAID)
def test_a_change_is_said_in_words(kind: Kind, field: str, before: Any, after: Any, said: str) -> None:
    change = FieldChangeView(field, before, after, None)
    entry = EntryView("1", "2026-11-30T00:00:00.000Z", kind, ShownName("kim"), [change])
    assert texts().line(entry, change) == said
    assert texts("de").line(entry, change)
    assert (texts().kind_name(kind), texts().who(entry)) == (activity_words.KINDS[kind], "kim")


def test_every_value_that_the_api_has_a_name_for_has_words() -> None:
    assert set(activity_words.KINDS) == set(KINDS)
    assert set(activity_words.SUSPENSIONS) == {*get_args(SuspendedReason), "dispute"}
    assert set(STATES) == set(get_args(State))
    names = Names(Words("en"), catalog())
    assert all(names.status(each) and names.standing(each) for each in (*get_args(Status), *get_args(Standing)))


def test_who_did_it_may_not_be_known() -> None:
    assert texts().who(EntryView("1", "2026-11-30T00:00:00.000Z", "card", None, [])) == "Not recorded"


def test_a_workspace_reads_whose_prices_changed() -> None:
    change = FieldChangeView("meters.sms", None, "price 0.04", None)
    own, other = entry_of("rebilling", change), entry_of("rebilling", change, client=ClientOfEntry("n.bob", "Bob"))
    assert (texts().kind(own), texts().kind(other)) == ("Default prices", "Prices of Bob")
    assert texts().line(other, change) == "Bob · SMS message: $0.04"


@pytest.mark.parametrize(
    ("field", "before", "after", "said"),
    [
        ("enabled", None, True, "You're charged for your usage"),
        ("enabled", True, None, "You're no longer charged for your usage"),
        ("allowance", None, "5.00", "Free allowance per month: $5.00"),
        ("meters.sms", "absorbed", "price 0.04", "SMS message: Free → $0.04"),
        ("meters.sms", None, None, "SMS message: New price"),
    ],
)
def test_a_client_reads_what_it_pays(field: str, before: Any, after: Any, said: str) -> None:
    change = FieldChangeView(field, before, after, None)
    reader, entry = texts(is_client=True), entry_of("rebilling", change)
    assert (reader.kind(entry), reader.line(entry, change)) == ("Prices", said)


def test_what_is_set_of_one_budget_is_one_change() -> None:
    changes = [
        FieldChangeView("limit.sms.month", None, "75.00", None),
        FieldChangeView("limit.month", "400.00", "500.00", None),
        FieldChangeView("tell.sms.month", None, "50, 100", None),
        FieldChangeView("close.sms.month", None, True, None),  # noqa: FBT003 - as the rule has it
    ]
    shown = texts().changes(entry_of("budgets", *changes))
    assert [(each.text, each.before, each.after) for each in shown] == [
        ("All usage, per month", "$400.00", "$500.00"),
        ("SMS message, per month", None, "$75.00 · Email me at: 50%, 100% · Close access at 100%: On"),
    ]
