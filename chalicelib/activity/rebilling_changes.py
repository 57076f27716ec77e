"""What a change of rebilling is to a person: the values that are set last, and from when they are valid. Pure."""

from collections.abc import Iterator, Mapping

from chalicelib.activity.entry import FieldChange, Finding, Value, Written
from chalicelib.money import format_micros
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import ALL_METERS, NO_REBILLING, Dated, Rebilling

Setting = tuple[Value, int | None]
"""A value, and the time from which it is valid."""

UNSET: Setting = (None, None)


def rebilling_changes(before: Written[Rebilling] | None, after: Written[Rebilling]) -> Finding:
    """Return what changed, at the exact time: what was before a move is not for the client's new workspace.

    The workspace that changed it for its client has it in its log, too. The client may know of it if it pays by then.
    """
    was, is_now = before.value if before else NO_REBILLING, after.value
    new = set(_times(is_now)) - set(_times(was))
    changes = tuple(_changes(_fields(was), _fields(is_now)))
    return Finding(
        after.by,
        changes,
        max(new, default=None),
        workspace_id=after.workspace_id,
        for_client=any(each.field == "enabled" or is_now.is_on(each.from_ms or 0) for each in changes),
    )


def _changes(before: Mapping[str, Setting], after: Mapping[str, Setting]) -> Iterator[FieldChange]:
    for name in dict.fromkeys([*before, *after]):
        (was, _), (is_now, from_ms) = before.get(name, UNSET), after.get(name, UNSET)
        if before.get(name, UNSET) != after.get(name, UNSET):
            yield FieldChange(name, was, is_now, from_ms)


def _fields(rebilling: Rebilling) -> dict[str, Setting]:
    """Return the settings that are valid last. One that was switched off or cleared is as good as none."""
    switches = {"enabled": _last(rebilling.switches)}
    allowances = {"allowance": _last(rebilling.allowances_micros)}
    prices = {_field(meter): _last(dated) for meter, dated in rebilling.prices.items()}
    return {name: found for name, found in {**switches, **prices, **allowances}.items() if found[0] is not None}


def _last(dated: tuple[Dated[bool], ...] | tuple[Dated[int], ...] | tuple[Dated[ClientPrice | None], ...]) -> Setting:
    if not dated or not dated[0].value:
        return UNSET
    value = dated[0].value
    if isinstance(value, ClientPrice):
        return _price_text(value), dated[0].from_ms
    return value if value is True else format_micros(value), dated[0].from_ms


def _price_text(price: ClientPrice) -> str:
    """Write a price: `at_cost`, `absorbed`, `price 0.04` or `markup 1.5`."""
    number = price.unit_price_micros if price.state == "price" else price.markup_micros
    return price.state if number is None else f"{price.state} {format_micros(number)}"


def _field(meter: str) -> str:
    return "default" if meter == ALL_METERS else f"meters.{meter}"


def _times(rebilling: Rebilling) -> Iterator[int]:
    """Yield when each setting was made."""
    yield from (each.set_at_ms for each in rebilling.switches)
    yield from (each.set_at_ms for each in rebilling.allowances_micros)
    yield from (each.set_at_ms for dated in rebilling.prices.values() for each in dated)
