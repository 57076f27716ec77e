"""What is retired, or limited in number: nobody takes more of it, and who holds it keeps it, or has less of it."""

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import FILE, Catalog, catalog, read_catalog
from chalicelib.subscriptions.change_effect import ChangeEffect
from chalicelib.subscriptions.check_change import check_change
from chalicelib.subscriptions.price import ProductRetired, TooManyOfAddOn, UnknownProduct
from chalicelib.subscriptions.renewal import next_renewal
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.subscription import Contents, Subscription
from tests.subscriptions.build import DAY_MS, START_MS, account, subscription

NOW_MS = START_MS + 14 * DAY_MS


def retired(*names: str) -> Catalog:
    """Return the catalog with some of it retired, and all of it dearer than it was."""
    made = catalog()
    both = [
        {
            name: replace(each, retired=name in names, amounts_micros={"usd": 2 * each.amounts_micros["usd"]})
            for name, each in products.items()
        }
        for products in (made.plans, made.add_ons)
    ]
    return replace(made, plans=both[0], add_ons=both[1])


ALL = retired("agency", "phone_number")


def asked(current: Subscription | None, plan: str, **add_ons: int) -> ChangeEffect:
    return check_change(account(), current, SubscriptionRequest(plan, add_ons), ALL, NOW_MS, tax=None)


def holder() -> Subscription:
    return subscription("agency", {"phone_number": 5})


def test_the_file_says_what_is_retired() -> None:
    text = FILE.read_text().replace("[plans.agency]", "[plans.agency]\nretired = true")
    found = read_catalog(text.replace("[add_ons.phone_number]", "[add_ons.phone_number]\nretired = true").encode())
    assert [name for name, each in {**found.plans, **found.add_ons}.items() if each.retired] == [
        *("agency", "phone_number"),
    ]


@pytest.mark.parametrize(
    ("current", "plan", "numbers", "field"),
    [
        (None, "agency", 0, "plan"),
        (None, "starter", 1, "add_ons.phone_number"),
        (subscription("starter"), "agency", 0, "plan"),
        (subscription("starter"), "starter", 1, "add_ons.phone_number"),
        (holder(), "agency", 6, "add_ons.phone_number"),
        (replace(holder(), status="canceled"), "agency", 0, "plan"),
        (replace(holder(), status="canceled"), "starter", 5, "add_ons.phone_number"),
    ],
)
def test_nobody_takes_it_any_more(current: Subscription | None, plan: str, numbers: int, field: str) -> None:
    with pytest.raises(ProductRetired) as refusal:
        asked(current, plan, phone_number=numbers)
    assert refusal.value.about["field"] == field


def test_it_is_not_among_what_may_be_taken_instead() -> None:
    with pytest.raises(UnknownProduct) as refusal:
        asked(None, "golden")
    assert refusal.value.about["known"] == ["agency_yearly", "solo", "starter", "starter_yearly"]


def test_who_holds_it_keeps_it_at_the_price_at_which_it_is_held() -> None:
    due = next_renewal(holder(), ALL)
    assert due.quote.charge_micros == 97_000_000 + 5 * 1_150_000
    # From period to period.
    again = next_renewal(replace(holder(), terms=due.terms), ALL)
    assert again.quote.charge_micros == due.quote.charge_micros
    assert next_renewal(holder(), retired("agency")).quote.charge_micros == 97_000_000 + 5 * 2_300_000


def test_who_holds_it_may_add_what_is_sold_have_less_and_leave_it() -> None:
    more = asked(holder(), "agency", phone_number=5, voice_features=1)
    assert (more.quote.charge_micros, more.terms.contents.add_ons["voice_features"]) == (20_000_000, 1)
    fewer = asked(holder(), "agency", phone_number=2)
    assert fewer.scheduled == Contents("agency", {"phone_number": 2})
    scheduled = replace(holder(), scheduled=fewer.scheduled)
    assert next_renewal(scheduled, ALL).quote.charge_micros == 97_000_000 + 2 * 1_150_000
    assert asked(scheduled, "agency", phone_number=5).scheduled is None
    assert asked(holder(), "starter").scheduled == Contents("starter")


def test_who_was_to_get_it_at_the_end_of_the_period_gets_it_at_its_price() -> None:
    current = subscription("starter", scheduled=Contents("agency"))
    assert asked(current, "agency").scheduled is None
    assert next_renewal(current, ALL).quote.charge_micros == 2 * 97_000_000


def test_in_another_interval_it_has_the_price_of_the_catalog() -> None:
    current = subscription("starter_yearly", {"phone_number": 1}, scheduled=Contents("starter", {"phone_number": 1}))
    assert next_renewal(current, ALL).quote.charge_micros == 98_000_000 + 2_300_000


def limited(most: int) -> Catalog:
    made = catalog()
    return replace(made, add_ons={name: replace(each, maximum=most) for name, each in made.add_ons.items()})


def test_an_account_has_at_most_the_catalogs_number_of_an_add_on_or_what_it_holds() -> None:
    text = FILE.read_text().replace("[add_ons.phone_number]", "[add_ons.phone_number]\nmaximum = 4")
    assert read_catalog(text.encode()).add_ons["phone_number"].maximum == 4

    def ask(current: Subscription | None, number: int) -> None:
        wanted = SubscriptionRequest("agency", {"phone_number": number})
        check_change(account(), current, wanted, limited(4), NOW_MS, tax=None)

    ask(None, 4)
    ask(holder(), 5)
    for current, number in ((None, 5), (holder(), 6)):
        with pytest.raises(TooManyOfAddOn) as refusal:
            ask(current, number)
        assert refusal.value.about == {"field": "add_ons.phone_number", "most": 4}
