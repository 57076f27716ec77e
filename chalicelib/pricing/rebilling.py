"""Rebilling: what a workspace charges its clients, by the time from which each setting is valid. Pure.

A client has settings of its own, and its workspace has defaults for all of its clients. An event is priced by its own
time, so a change never affects what was used before it.
"""

from typing import Final, Generic, Literal, TypeVar

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


def dated_at(dated: tuple[Dated[ValueT], ...], time_ms: int) -> Dated[ValueT] | None:
    """Return what is valid at a time, with its own time, if anything is; `dated` are newest first."""
    for each in dated:
        if each.from_ms <= time_ms:
            return each
    return None


def value_at(dated: tuple[Dated[ValueT], ...], time_ms: int) -> ValueT | None:
    """Return the value that is valid at a time, if any."""
    found = dated_at(dated, time_ms)
    return found.value if found else None


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

    def allowance_at(self, time_ms: int) -> int:
        """Return the monthly allowance, in micros, that is valid at a time; 0 for none."""
        return value_at(self.allowances_micros, time_ms) or 0


NO_REBILLING: Final = Rebilling()


Level = Literal["client_meter", "client", "workspace_meter", "workspace"]
"""Whose setting it is, and whether for one meter or for all."""


class Setting(msgspec.Struct, frozen=True):
    """The setting that is valid for a meter, and since when."""

    level: Level
    from_ms: int
    price: ClientPrice


def find_setting(client: Rebilling, workspace: Rebilling, meter: str, time_ms: int) -> Setting | None:
    """Return the most specific setting for a meter at a time, if there is any.

    That is the client's for the meter, the client's for all meters, the workspace's default for the meter, or its
    default for all meters.
    """
    places: tuple[tuple[Level, Rebilling, str], ...] = (
        ("client_meter", client, meter),
        ("client", client, ALL_METERS),
        ("workspace_meter", workspace, meter),
        ("workspace", workspace, ALL_METERS),
    )
    for level, settings, key in places:
        dated = dated_at(settings.prices.get(key, ()), time_ms)
        if dated and dated.value:
            return Setting(level, dated.from_ms, dated.value)
    return None


def client_price(client: Rebilling, workspace: Rebilling, meter: str, time_ms: int) -> ClientPrice:
    """Return what a client pays for a meter at a time: by the most specific setting, and without any, the cost."""
    setting = find_setting(client, workspace, meter, time_ms)
    return setting.price if setting else AT_COST


def new_client(workspace: Rebilling, time_ms: int, actor: str) -> Rebilling:
    """Return the settings of its own that a workspace's new client starts with: only the switch, where it is on.

    Prices are not copied: the workspace's defaults are valid for it as long as it has none of its own.
    """
    if not workspace.is_on(time_ms):
        return NO_REBILLING
    return Rebilling(switches=(Dated(time_ms, value=True, set_at_ms=time_ms, actor=actor),), version=1)
