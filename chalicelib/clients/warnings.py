"""Warnings of prices that are likely a mistake. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from chalicelib.clients.rebilling_prices import MeterPrice, Timeline
from chalicelib.clock import day_of
from chalicelib.money import MICROS, format_micros

Code = Literal["nothing_earned", "below_cost", "high_markup", "price_void", "switch_off"]

HIGH_MARKUP_MICROS: Final = 10 * MICROS
"""A markup above this is more likely a percentage than a multiple."""

NEEDS_CONFIRMATION: Final = frozenset({"below_cost", "high_markup"})

NOTHING_EARNED: Final = "rebilling is on, but no meter has a price above its cost, so nothing is earned"
BELOW_COST: Final = "the price is below the cost, so each unit that is used costs more than it brings"
SWITCHED_OFF: Final = "rebilling is off, so nothing is charged whatever the prices are; switch it on with enabled"
STARTS_OFF: Final = "new clients start with rebilling off; these prices are for clients whose own switch is on"


class PriceWarning(msgspec.Struct, frozen=True):
    """A warning: a stable code, a sentence, and the meters that it is about."""

    code: Code
    sentence: str
    meters: list[str]


def find_warnings(found: Mapping[str, Timeline], *, is_on: bool, of_workspace: bool) -> list[PriceWarning]:
    """Return the warnings of settings, by the timelines of all meters from a time on, and whether they are on then."""
    about_meters = [(name, code, text) for name, timeline in found.items() for code, text in _of_meter(timeline)]
    about_all = [
        (name, code, text)
        for code, text, names in _of_switch(found, is_on=is_on, of_workspace=of_workspace)
        for name in names
    ]
    return _grouped([*about_all, *about_meters])


def unconfirmed(
    warnings: Iterable[PriceWarning], before: Mapping[str, Timeline], after: Mapping[str, Timeline]
) -> list[PriceWarning]:
    """Return the warnings that a change has to confirm: those of meters whose prices it changes."""
    changed = {name for name, timeline in after.items() if timeline != before.get(name)}
    return [each for each in warnings if each.code in NEEDS_CONFIRMATION and not changed.isdisjoint(each.meters)]


def _of_switch(
    found: Mapping[str, Timeline], *, is_on: bool, of_workspace: bool
) -> Iterable[tuple[Code, str, Iterable[str]]]:
    now = {name: timeline[0] for name, timeline in found.items()}
    if is_on and not any(price.earns for price in now.values()):
        yield "nothing_earned", NOTHING_EARNED, now
    if not is_on:
        own = ("workspace_meter", "workspace") if of_workspace else ("client_meter", "client")
        without_effect = [name for name, price in now.items() if price.level in own and price.chosen.state != "at_cost"]
        yield "switch_off", STARTS_OFF if of_workspace else SWITCHED_OFF, without_effect


def _of_meter(timeline: Timeline) -> Iterable[tuple[Code, str]]:
    for price in timeline:
        markup = price.valid.markup_micros or 0
        if price.is_void:
            yield "price_void", _void_sentence(price, is_now=price is timeline[0])
        if price.is_below_cost:
            yield "below_cost", _markup_sentence(markup, markup) if markup else BELOW_COST
        if markup > HIGH_MARKUP_MICROS:
            yield "high_markup", _markup_sentence(markup, markup // 100)


def _void_sentence(price: MeterPrice, *, is_now: bool) -> str:
    counted = "its producer prices it" if price.cost_micros is None else f"it is counted by the {price.unit}"
    when = "now" if is_now else f"from {day_of(price.from_ms)} on"
    return (
        f"the price is for one {price.chosen.unit}, and {when} {counted}: the price is void then, and the client pays "
        "the cost"
    )


def _markup_sentence(markup_micros: int, meant_micros: int) -> str:
    """Say what a markup means, and what to use if it was meant as an addition to the cost, in millionths of it."""
    amounts = (markup_micros, 100 * meant_micros, MICROS + meant_micros)
    multiple, percent, instead = (format_micros(each) for each in amounts)
    return (
        f"a markup of {multiple} means that your client pays {multiple} times the cost; for {percent} % more, use "
        f"{instead}"
    )


def _grouped(found: Iterable[tuple[str, Code, str]]) -> list[PriceWarning]:
    """Return one warning for each code and sentence, with its meters, each once."""
    meters: dict[tuple[Code, str], dict[str, None]] = {}
    for name, code, sentence in found:
        meters.setdefault((code, sentence), {})[name] = None
    return [PriceWarning(code, sentence, list(names)) for (code, sentence), names in meters.items()]
