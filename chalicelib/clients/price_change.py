"""What a change of rebilling makes of the settings before it. Pure."""

from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.errors import Refusal
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import Dated, Rebilling, value_at, with_value, without_expired

ValueT = TypeVar("ValueT")

LARGEST_BYTES: Final = 100_000
"""How large prices may make an account's settings: some hundred changes. Every batch of usage reads them, and a row of
DynamoDB has at most 400 KB. What changes no price may take as much again, so that charging can always be ended."""


class Change(msgspec.Struct, frozen=True):
    """A change from a time on. `prices` are by meter, `ALL_METERS` among them; None clears a setting."""

    from_ms: int
    enabled: bool | UnsetType = UNSET
    prices: dict[str, ClientPrice | None] = {}
    allowance_micros: int | UnsetType = UNSET


class TooManyChanges(Refusal):
    """The settings would become too large: changes are kept as long as usage from before them may arrive."""

    status = 409
    type = "too-many-price-changes"
    title = "Too many changes of these prices are still needed"

    def __init__(self, maximum_age_ms: int) -> None:
        days = maximum_age_ms // (24 * 60 * 60 * 1000)
        super().__init__(
            f"prices of the past {days} days are kept for usage that arrives late, and no more of them fit; set a "
            "default instead of many meters, or wait until older changes are no longer needed"
        )


def apply_change(current: Rebilling, change: Change, *, actor: str, now_ms: int, maximum_age_ms: int) -> Rebilling:
    """Return the settings after a change, or `current` itself if it changes nothing. Raises TooManyChanges."""
    after = settings_after(current, change, actor=actor, now_ms=now_ms, maximum_age_ms=maximum_age_ms)
    if after != current and len(msgspec.json.encode(after)) > LARGEST_BYTES * (1 if change.prices else 2):
        raise TooManyChanges(maximum_age_ms)
    return after


def settings_after(current: Rebilling, change: Change, *, actor: str, now_ms: int, maximum_age_ms: int) -> Rebilling:
    """Return the settings after a change, however large, or `current` itself if it changes nothing.

    What was planned from its time on is replaced, for what it names. Settings that were replaced before any usage that
    may still be sent are dropped.
    """

    def put(
        dated: tuple[Dated[ValueT], ...], value: ValueT | UnsetType, *, cleared: ValueT
    ) -> tuple[Dated[ValueT], ...]:
        if isinstance(value, UnsetType):
            return dated
        return _with_change(dated, Dated(change.from_ms, value, now_ms, actor), cleared=cleared)

    switches = put(current.switches, change.enabled, cleared=False)
    allowances = put(current.allowances_micros, change.allowance_micros, cleared=0)
    changed = {meter: put(current.prices.get(meter, ()), price, cleared=None) for meter, price in change.prices.items()}
    prices = {meter: dated for meter, dated in {**current.prices, **changed}.items() if dated}
    if (switches, prices, allowances) == (current.switches, current.prices, current.allowances_micros):
        return current
    oldest_ms = now_ms - maximum_age_ms
    return Rebilling(
        _without_useless(switches, oldest_ms, cleared=False),
        {meter: kept for meter, dated in prices.items() if (kept := _without_useless(dated, oldest_ms, cleared=None))},
        _without_useless(allowances, oldest_ms, cleared=0),
        current.version + 1,
    )


def _with_change(dated: tuple[Dated[ValueT], ...], new: Dated[ValueT], *, cleared: ValueT) -> tuple[Dated[ValueT], ...]:
    """Return the values with a new one; only what was planned later goes if it is already valid at its time."""
    before = tuple(each for each in dated if each.from_ms <= new.from_ms)
    valid = value_at(before, new.from_ms)
    return before if (cleared if valid is None else valid) == new.value else with_value(dated, new)


def _without_useless(dated: tuple[Dated[ValueT], ...], oldest_ms: int, *, cleared: ValueT) -> tuple[Dated[ValueT], ...]:
    """Return the values without those that are no longer needed, and without a first one that is as good as none."""
    kept = without_expired(dated, oldest_ms)
    while kept and kept[-1].value == cleared:
        kept = kept[:-1]
    return kept
