"""Rebilling: what a workspace charges its clients, by the time from which each setting is valid. Pure.

A client has settings of its own, and its workspace has defaults for all of its clients. An event is priced by its own
time, so a change never affects what was used before it.
"""

from typing import Final, Generic, TypeVar

import msgspec

from chalicelib.pricing.client_price import AT_COST, ClientPrice

ALL_METERS: Final = "*"
"""The key of the setting that is valid for every meter without one of its own."""

LEAD_MS: Final = 60 * 1000
"""How long after it is made a change takes effect, at the earliest.

Usage that is being posted at the moment of the change was read with the settings before it. A request ends within 29
seconds, so when a change takes effect, every function that reads the settings finds it.
"""

ValueT = TypeVar("ValueT")


class Dated(msgspec.Struct, Generic[ValueT], frozen=True):
    """A value, the time from which it is valid, and who set it when."""

    from_ms: int
    value: ValueT
    set_at_ms: int
    actor: str


def value_at(dated: tuple[Dated[ValueT], ...], time_ms: int) -> ValueT | None:
    """Return the value that is valid at a time, if any; `dated` are newest first."""
    for each in dated:
        if each.from_ms <= time_ms:
            return each.value
    return None


def with_value(dated: tuple[Dated[ValueT], ...], new: Dated[ValueT]) -> tuple[Dated[ValueT], ...]:
    """Return the values with a new one, which replaces all that were to be valid from its time on or later."""
    return (new, *(each for each in dated if each.from_ms < new.from_ms))


def without_expired(dated: tuple[Dated[ValueT], ...], oldest_ms: int) -> tuple[Dated[ValueT], ...]:
    """Return the values without those that were replaced before any usage that may still be sent."""
    for place, each in enumerate(dated):
        if each.from_ms <= oldest_ms:
            return dated[: place + 1]
    return dated


class Rebilling(msgspec.Struct, frozen=True):
    """The settings of a client, or of a workspace for its clients. Every list is newest first.

    `switches` say whether a client's usage is charged to it at all: a client's own for itself; a workspace's are what
    new clients start with. `prices` are by meter, `ALL_METERS` among them; None removes a setting, so that the next
    more general one is valid. `allowances_micros` are what a client may use free of charge in a month.
    """

    switches: tuple[Dated[bool], ...] = ()
    prices: dict[str, tuple[Dated[ClientPrice | None], ...]] = {}
    allowances_micros: tuple[Dated[int], ...] = ()
    version: int = 0

    def is_on(self, time_ms: int) -> bool:
        """Tell whether usage of a time is charged to the client."""
        return value_at(self.switches, time_ms) is True

    def own_price(self, meter: str, time_ms: int) -> ClientPrice | None:
        """Return what these settings say of a meter, or of all meters; None if they say nothing."""
        return value_at(self.prices.get(meter, ()), time_ms) or value_at(self.prices.get(ALL_METERS, ()), time_ms)

    def allowance_at(self, time_ms: int) -> int:
        """Return the monthly allowance, in micros, that is valid at a time; 0 for none."""
        return value_at(self.allowances_micros, time_ms) or 0


NO_REBILLING: Final = Rebilling()


def client_price(client: Rebilling, workspace: Rebilling, meter: str, time_ms: int) -> ClientPrice:
    """Return what a client pays for a meter at a time.

    The most specific setting is valid: the client's for the meter, the client's for all meters, the workspace's default
    for the meter, its default for all meters, and without any, the cost.
    """
    return client.own_price(meter, time_ms) or workspace.own_price(meter, time_ms) or AT_COST
