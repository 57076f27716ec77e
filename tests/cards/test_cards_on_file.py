"""Several cards on file: one default, at most one backup, and nothing that was removed comes back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cards.card import Card, CardsOnFile, dropped

PRINTS = {"a": "one", "b": "one", "c": "two", "d": "three"}
"""Ids of cards, of which two are the same card saved twice."""


def card(name: str, fingerprint: str = "", set_up_at_ms: int = 1, **changes: Any) -> Card:
    return Card(f"pm_{name}", "visa", "4242", 12, 2030, fingerprint or f"print-{name}", set_up_at_ms, **changes)


def on_file(*names: str, backup: str | None = None) -> CardsOnFile:
    """Return cards of which the first is the default."""
    cards = CardsOnFile(customer_id="cus_1")
    for name in names:
        cards = cards.with_another(card(name))
    return cards.made_backup(backup and f"pm_{backup}")


def names(cards: CardsOnFile) -> list[str]:
    return [each.payment_method_id.removeprefix("pm_") for each in cards.all]


def test_the_first_card_is_the_default_and_others_are_only_there() -> None:
    cards = on_file("a", "b", "c")
    assert names(cards) == ["a", "b", "c"]
    assert cards.card == card("a")
    assert cards.backup is None


def test_another_default_leaves_the_one_before_on_file_and_takes_over_from_the_backup() -> None:
    cards = on_file("a", "b", "c", backup="b").made_default("pm_b", at_ms=5)
    assert names(cards) == ["b", "a", "c"]
    assert cards.backup == card("a")
    assert on_file("a", "b", "c", backup="b").made_default("pm_c", at_ms=5).backup == card("b")


def test_a_replaced_default_leaves_and_the_others_stay() -> None:
    before = on_file("a", "b", backup="b")
    after = before.with_default(card("c", set_up_at_ms=2))
    assert names(after) == ["c", "b"]
    assert after.backup == card("b")
    assert dropped(before, after) == ["pm_a"]


def test_a_removed_default_has_no_successor_until_a_person_chooses_one() -> None:
    cards = on_file("a", "b", backup="b").without("pm_a", at_ms=5)
    assert (cards.card, names(cards), cards.backup) == (None, ["b"], card("b"))
    chosen = cards.made_default("pm_b", at_ms=6)
    assert (chosen.card, chosen.others, chosen.backup) == (card("b"), (), None)


def test_a_card_that_was_removed_does_not_come_back_with_late_news() -> None:
    cards = on_file("a", "b").without("pm_b", at_ms=5)
    assert cards.with_another(card("b", set_up_at_ms=9)) == cards
    assert not cards.accepts(card("b", set_up_at_ms=9))


def test_a_default_that_is_older_than_the_choice_of_another_is_not_accepted() -> None:
    cards = on_file("a", "b").made_default("pm_b", at_ms=5)
    assert not cards.accepts(card("c", set_up_at_ms=4))
    assert cards.accepts(card("c", set_up_at_ms=5))


def test_the_same_card_saved_again_takes_its_own_place() -> None:
    before = on_file("a", "b", backup="b")
    again = card("c", "print-b", set_up_at_ms=2)
    after = before.with_another(again)
    assert names(after) == ["a", "c"]
    assert after.backup == again
    assert dropped(before, after) == ["pm_b"]
    assert names(before.with_default(again)) == ["c"]


@pytest.mark.parametrize("wanted", ["pm_a", "pm_x"], ids=["the default", "a stranger"])
def test_only_another_card_can_be_the_backup(wanted: str) -> None:
    cards = on_file("a", "b", backup="b")
    assert cards.made_backup(wanted) == cards
    assert cards.made_backup(None).backup is None


names_of_cards = st.sampled_from(sorted(PRINTS))
cards_to_save = st.builds(lambda name, at_ms: card(name, PRINTS[name], at_ms), names_of_cards, st.integers(1, 9))
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["replace", "add"]), cards_to_save),
        st.tuples(st.sampled_from(["default", "backup", "remove"]), names_of_cards),
    ),
    max_size=30,
)


def take(cards: CardsOnFile, step: tuple[str, Any], at_ms: int) -> CardsOnFile:
    kind, what = step
    if kind == "replace":
        return cards.with_default(what) if cards.accepts(what) else cards
    if kind == "add":
        return cards.with_another(what)
    if kind == "default":
        return cards.made_default(f"pm_{what}", at_ms=at_ms)
    return cards.made_backup(f"pm_{what}") if kind == "backup" else cards.without(f"pm_{what}", at_ms=at_ms)


@given(steps)
def test_whatever_happens_each_card_is_there_once_and_the_backup_is_another_than_the_default(
    taken: list[tuple[str, Any]],
) -> None:
    cards = CardsOnFile(customer_id="cus_1")
    for number, step in enumerate(taken):
        before, cards = cards, take(cards, step, number)
        ids = [each.payment_method_id for each in cards.all]
        prints = [each.fingerprint for each in cards.all]
        assert len(set(ids)) == len(ids)
        assert len(set(prints)) == len(prints)
        assert cards.backup_id is None or cards.backup in cards.others
        assert not set(cards.removed) & set(ids)
        assert set(dropped(before, cards)) <= set(cards.removed)
        assert take(cards, step, number) == cards
