"""What a change of a row is to a person: each table's rule."""

from typing import Any

from msgspec.structs import replace

from chalicelib.accounts.account import BillingDetails, FormerWorkspace
from chalicelib.accounts.taxes import DatedTaxes, Taxes
from chalicelib.activity.account_changes import account_changes
from chalicelib.activity.auto_pay_changes import auto_pay_changes
from chalicelib.activity.budgets_changes import budgets_changes
from chalicelib.activity.card_changes import card_changes
from chalicelib.activity.connection_changes import connection_changes
from chalicelib.activity.entry import Finding, Written
from chalicelib.activity.notices_changes import notices_changes
from chalicelib.activity.rebilling_changes import rebilling_changes
from chalicelib.activity.taxes_changes import taxes_changes
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.budgets.budget import Budget, Budgets, Told
from chalicelib.cards.card import Card, CardsOnFile
from chalicelib.catalog.tax import Tax
from chalicelib.clients.price_change import Change, settings_after
from chalicelib.connection.connection import AccountFacts, Connection, connected, disconnected, with_facts
from chalicelib.notices.choice import Choice, Mails
from chalicelib.portal.invitation import Invitation
from chalicelib.portal.invitation_changes import invitation_changes
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import ALL_METERS, NO_REBILLING
from tests.build import TIME_MS, account

DAY_MS = 24 * 3600 * 1000
VISA = Card("pm_1", "visa", "4242", 8, 2030, "print-1", TIME_MS)
AMEX = Card("pm_2", "amex", "0005", 12, 2031, "print-2", TIME_MS + 1)


def said(finding: Finding | None) -> list[tuple[Any, ...]]:
    """Return what a rule found, shortly: field, before, after."""
    return [(each.field, each.before, each.after) for each in finding.changes] if finding else []


def test_of_an_account_its_details_and_its_standing_are_told() -> None:
    before = account("acme", workspace_id="north")
    details = BillingDetails("Acme Inc.", ["1 Main St", "Springfield"], country="US")
    after = replace(before, name="Acme Ltd", billing_details=details, standing="suspended", standing_reason="owes us")
    found = account_changes(Written(before), Written(replace(after, version=7, access_until_ms=1), "kim"))
    assert found.actor == "kim"
    assert said(found) == [
        ("name", "Acme", "Acme Ltd"),
        ("billing_details.name", None, "Acme Inc."),
        ("billing_details.address", None, "1 Main St, Springfield"),
        ("billing_details.country", None, "US"),
        ("standing", "active", "suspended"),
        ("standing_reason", None, "owes us"),
    ]
    assert said(account_changes(None, Written(before))) == [("account", None, "Acme")]


def test_of_a_move_neither_workspace_is_named_and_its_time_is_exact() -> None:
    before = account("salon", workspace_id="north")
    moved = replace(
        before, workspace_id="south", former_workspaces=(FormerWorkspace("north", TIME_MS + 7, TIME_MS + 9, "Salon"),)
    )
    found = account_changes(Written(before), Written(moved, "workspace:jo"))
    assert (said(found), found.at_ms) == ([("workspace_id", None, None)], TIME_MS + 7)


def test_of_cards_the_roles_are_told_and_what_came_went_or_was_updated() -> None:
    def changes(before: CardsOnFile | None, after: CardsOnFile) -> list[tuple[Any, ...]]:
        return said(card_changes(Written(before) if before else None, Written(after, "kim")))

    visa, amex = "visa 4242 2030-08", "amex 0005 2031-12"
    empty, one = CardsOnFile("cus_1"), CardsOnFile("cus_1", VISA)
    two = one.with_another(AMEX)
    assert changes(None, empty) == []
    assert changes(empty, one) == [("card", None, visa)]
    assert changes(one, two) == [("card", None, amex)]
    assert changes(two, two.made_backup("pm_2")) == [("backup", None, amex)]
    assert changes(two, two.made_default("pm_2", at_ms=1)) == [("default", visa, amex)]
    assert changes(two, two.without("pm_2", at_ms=1)) == [("card", amex, None)]
    assert changes(one, one.without("pm_1", at_ms=1)) == [("card", visa, None)]
    rest = two.without("pm_1", at_ms=1)
    assert changes(two.made_backup("pm_2"), rest.made_backup("pm_2")) == [("card", visa, None)]
    assert changes(rest, rest.made_default("pm_2", at_ms=2)) == [("default", None, amex)]
    replaced = [("card", visa, None), ("card", None, amex), ("default", visa, amex)]
    assert changes(one, one.with_default(AMEX)) == replaced
    assert changes(one, one.refreshed(VISA, replace(VISA, expiry_year=2033))) == [("card", visa, "visa 4242 2033-08")]
    assert changes(one, replace(one, customer_id="cus_2", changed_at_ms=9, removed=("pm_0",))) == []


def test_of_auto_pay_the_settings_are_a_persons_and_the_suspension_its_own() -> None:
    set_up = AutoPay(
        account_id="acme",
        enabled=True,
        threshold_micros=10_000_000,
        amount_micros=50_000_000,
        monthly_limit_micros=None,
        actor="kim",
        updated_at_ms=TIME_MS,
    )
    new = auto_pay_changes(None, set_up)
    assert (new.actor, said(new)) == (
        "kim",
        [("enabled", False, True), ("threshold", None, "10"), ("amount", None, "50")],
    )
    changed = replace(set_up, threshold_micros=25_500_000, actor="workspace:jo", updated_at_ms=TIME_MS + 1, version=2)
    assert auto_pay_changes(set_up, changed).actor == "workspace:jo"
    assert said(auto_pay_changes(set_up, changed)) == [("threshold", "10", "25.5")]
    suspended = replace(changed, suspended_reason="declines", failures=4, version=3)
    found = auto_pay_changes(changed, suspended)
    assert (found.actor, said(found)) == ("auto-pay", [("suspended_reason", None, "declines")])
    assert said(auto_pay_changes(changed, replace(changed, held_by=("dp_1",)))) == [
        ("suspended_reason", None, "dispute")
    ]
    assert said(auto_pay_changes(changed, replace(changed, due_at_ms=1, in_flight_payment_id="pay_1", version=9))) == []


def test_of_mails_each_switch_is_told_for_the_first_time_from_the_default() -> None:
    chosen = Choice(["a@acme.example", "b@acme.example"], Mails(receipt=False), 1, 25_000_000)
    found = notices_changes(None, Written(chosen, "kim"))
    assert said(found) == [
        ("recipients", None, "a@acme.example, b@acme.example"),
        ("low_balance_threshold", None, "25"),
        ("mails.receipt", True, False),
    ]
    assert said(notices_changes(Written(chosen), Written(replace(chosen, version=2)))) == []


def test_of_budgets_what_is_set_is_told_and_not_what_was_told_of_them() -> None:
    month = Budget(
        meter=None,
        period="month",
        limit_micros=100_000_000,
        currency="usd",
        tell=(50, 100),
        close=True,
        actor="kim",
        updated_at_ms=TIME_MS,
    )
    none, one = Budgets("acme"), Budgets("acme", (month,))
    new = budgets_changes(None, Written(one, "kim"))
    assert (new.actor, said(new)) == (
        "kim",
        [("limit.month", None, "100"), ("tell.month", None, "50, 100"), ("close.month", None, True)],
    )
    told = replace(month, told=Told("2026-11", 100_000_000, 50, 50_000_000, TIME_MS))
    assert said(budgets_changes(Written(one), Written(Budgets("acme", (told,), 2)))) == []
    open_again = Budgets("acme", (replace(month, close=False),), 2)
    assert said(budgets_changes(Written(one), Written(open_again))) == [("close.month", True, None)]
    assert said(budgets_changes(Written(one), Written(none))) == [("limit.month", "100", None)]


def test_of_rebilling_what_is_set_last_is_told_with_its_time() -> None:
    def after(before: Any, at_ms: int, **changes: Any) -> Any:
        change = Change(at_ms + 60_000, **changes)
        return settings_after(before, change, actor="kim", now_ms=at_ms, maximum_age_ms=DAY_MS)

    price = ClientPrice("price", 40_000, "message")
    first = after(NO_REBILLING, TIME_MS, enabled=True, prices={"sms": price, ALL_METERS: ClientPrice("absorbed")})
    found = rebilling_changes(None, Written(first, "kim"))
    assert (found.at_ms, found.changes[0].from_ms) == (TIME_MS, TIME_MS + 60_000)
    assert said(found) == [
        ("enabled", None, True),
        ("meters.sms", None, "price 0.04"),
        ("default", None, "absorbed"),
    ]
    off = after(first, TIME_MS + DAY_MS, enabled=False, prices={"sms": None})
    assert said(rebilling_changes(Written(first), Written(off))) == [
        ("enabled", True, None),
        ("meters.sms", "price 0.04", None),
    ]
    assert found.workspace_id is None
    assert rebilling_changes(None, Written(first, "kim", "north")).workspace_id == "north"
    # A client that is not charged learns nothing of prices, only that it is no longer charged.
    prices = after(off, TIME_MS + 2 * DAY_MS, prices={"sms": price})
    told = [rebilling_changes(Written(one), Written(two)) for one, two in ((NO_REBILLING, first), (first, off))]
    assert [each.for_client for each in (*told, rebilling_changes(Written(off), Written(prices)))] == [
        True,
        True,
        False,
    ]
    # What is dropped because no usage of then may arrive any more is no change.
    later = after(off, TIME_MS + 9 * DAY_MS, allowance_micros=5_000_000)
    assert said(rebilling_changes(Written(off), Written(later))) == [("allowance", None, "5")]


def test_of_taxes_each_country_that_differs_is_told_with_its_time() -> None:
    now = DatedTaxes(TIME_MS, {"DE": Tax("USt", 190_000, inclusive=True)}, TIME_MS, "kim")
    planned = DatedTaxes(TIME_MS + DAY_MS, {"FR": Tax("TVA", 200_000, inclusive=False)}, TIME_MS + 5, "jo")
    assert said(taxes_changes(None, Taxes((now,), 1))) == [("taxes.DE", None, "USt 19 inclusive")]
    found = taxes_changes(Taxes((now,), 1), Taxes((planned, now), 2))
    assert said(found) == [("taxes.DE", "USt 19 inclusive", None), ("taxes.FR", None, "TVA 20 exclusive")]
    assert found is not None
    assert (found.actor, found.changes[0].from_ms) == ("jo", TIME_MS + DAY_MS)


def test_of_a_connection_a_person_connects_and_breaks_and_stripe_does_the_rest() -> None:
    good, bad = (AccountFacts(charges_enabled=each, details_submitted=True) for each in (True, False))
    none = Connection(workspace_id="north")
    active = connected(none, "acct_1", "oauth", good, livemode=False, platform_id=None, by="jo", now_ms=TIME_MS)
    restricted = with_facts(active, bad, TIME_MS + 1)
    broken = disconnected(restricted, by="kim", access_revoked=False, now_ms=TIME_MS + 2)
    by_stripe = disconnected(restricted, by="stripe", access_revoked=True, now_ms=TIME_MS + 2)
    assert connection_changes(None, active).actor == "jo"
    assert said(connection_changes(None, active)) == [("state", "none", "active"), ("stripe_account", None, "acct_1")]
    assert (connection_changes(active, restricted).actor, said(connection_changes(active, restricted))) == (
        "stripe",
        [("state", "active", "restricted")],
    )
    assert connection_changes(restricted, broken).actor == "kim"
    assert connection_changes(restricted, by_stripe).actor == "stripe"
    assert said(connection_changes(broken, replace(broken, access_revoked=True))) == []


def test_an_entry_has_the_time_that_the_row_tells() -> None:
    before = account("acme")
    assert account_changes(None, Written(before)).at_ms == before.created_at_ms
    assert card_changes(None, Written(CardsOnFile("cus_1", VISA), at_ms=7.0)).at_ms == 7
    assert card_changes(None, Written(CardsOnFile("cus_1", VISA))).at_ms is None


def test_of_an_invitation_neither_its_secret_nor_its_mails_state_is_told() -> None:
    sent = Invitation(
        account_id="salon",
        workspace_id="north",
        number=1,
        secret_hash="hash",
        sent_to="bo@salon.example",
        actor="workspace:jo",
        created_at_ms=TIME_MS,
        expires_at_ms=TIME_MS + DAY_MS,
    )
    opened = invitation_changes(sent, replace(sent, opened_at_ms=TIME_MS + 1))
    assert said(invitation_changes(None, sent)) == [("sent_to", None, "bo@salon.example")]
    assert invitation_changes(sent, replace(sent, sent_at_ms=TIME_MS)) is None
    assert opened is not None
    assert (opened.actor, said(opened)) == ("bo@salon.example", [("opened", None, "bo@salon.example")])
