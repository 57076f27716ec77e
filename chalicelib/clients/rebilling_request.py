"""The request that changes rebilling, and how it is read. Pure."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.meter import Meter
from chalicelib.clients.price_change import Change
from chalicelib.clients.rebilling_prices import is_sold, price_or_first
from chalicelib.clock import iso
from chalicelib.dates import read_start
from chalicelib.errors import Refusal
from chalicelib.money import MICROS, PLACES, Decimal, InvalidDecimal, format_amount, format_micros, parse_micros
from chalicelib.pricing.client_price import ClientPrice, State
from chalicelib.pricing.rebilling import ALL_METERS, LEAD_MS, Rebilling

MARKUP_PLACES: Final = 4
LARGEST_MARKUP_MICROS: Final = 1_000 * MICROS
LARGEST_PRICE_MICROS: Final = 100_000 * MICROS
"""For one unit: far above any real one, and the largest quantity of an event at this price fits the ledger."""

LARGEST_ALLOWANCE_MICROS: Final = 10_000_000 * MICROS

NUMBER: Final = {"max_length": 40}


class ClientPriceRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What clients pay for a meter: its cost, a price for a unit, a multiple of the cost, or nothing.

    The state `price` needs a `price`, the state `markup` a `markup`; the others take neither.
    """

    state: State
    price: (
        Annotated[str, Meta(**NUMBER, description="For one unit, in the account's currency.", examples=["0.04"])] | None
    ) = None
    markup: (
        Annotated[str, Meta(**NUMBER, description="A multiple of the cost: 1.5 is 50 % more.", examples=["1.5"])] | None
    ) = None


class RebillingRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"start": "from"}):
    """A change of rebilling from a time on. What is left out stays as it is; null clears it.

    What is cleared is then decided by the next more general setting. `enabled` is whether a client is charged at all;
    of a workspace, whether new clients are. `default` is for all meters without a setting of their own. `allowance` is
    what a client may use free of charge in a month. `confirmed` accepts warnings that need it.
    """

    enabled: bool | UnsetType | None = UNSET
    start: (
        Annotated[str, Meta(max_length=40, description="From when. Left out: in a minute.", examples=["2036-12-01"])]
        | None
    ) = None
    default: ClientPriceRequest | UnsetType | None = UNSET
    meters: dict[str, ClientPriceRequest | None] | UnsetType | None = UNSET
    allowance: Decimal | UnsetType | None = UNSET
    confirmed: bool = False


class RebillingInvalid(Refusal):
    """A setting that breaks a rule; `field` names it."""

    status = 422
    type = "rebilling-invalid"
    title = "These prices do not work"


def read_change(
    request: RebillingRequest, account: Account, current: Rebilling, catalog: Catalog, *, now_ms: int
) -> Change:
    """Return the change that a request asks for. Raises RebillingInvalid, InvalidRequest.

    It changes nothing of the minutes after a move in which usage is still charged to the former workspace.
    """
    from_ms = max(_read_from(request.start, now_ms), account.charged_from_ms)
    prices: dict[str, ClientPrice | None] = {}
    if not isinstance(request.default, UnsetType):
        prices[ALL_METERS] = _read_price(request.default, "default", None) if request.default else None
    if request.meters is None:
        prices |= {name: None for name in current.prices if name != ALL_METERS}
    elif not isinstance(request.meters, UnsetType):
        for name, sent in request.meters.items():
            meter = _find_meter(name, account.currency, catalog.meters)
            unit = _Unit(meter, account.currency, from_ms)
            prices[name] = _read_price(sent, f"meters.{name}", unit) if sent else None
    return Change(
        from_ms,
        enabled=request.enabled if isinstance(request.enabled, UnsetType) else bool(request.enabled),
        prices=prices,
        allowance_micros=_read_allowance(request.allowance, account),
    )


def _read_from(text: str | None, now_ms: int) -> int:
    """Return when a change takes effect: after the lead at the earliest."""
    if text is None:
        return now_ms + LEAD_MS
    from_ms = read_start(text, "from")
    if from_ms < now_ms:
        raise _invalid("from", f"{iso(from_ms)} is past; a change never affects what was used before it")
    return max(from_ms, now_ms + LEAD_MS)


def _read_allowance(sent: str | UnsetType | None, account: Account) -> int | UnsetType:
    if isinstance(sent, UnsetType) or (sent is None and account.kind == "workspace"):
        return UNSET
    if account.kind == "workspace":
        raise _invalid("allowance", "only a client has one; set it for each")
    micros = parse_micros(sent or "0")
    if micros > LARGEST_ALLOWANCE_MICROS:
        most = format_amount(LARGEST_ALLOWANCE_MICROS, account.currency)
        raise _invalid("allowance", f"it is at most {most} a month", maximum=most)
    return micros


def _find_meter(name: str, currency: str, meters: Mapping[str, Meter]) -> Meter:
    field = f"meters.{name[:64]}"
    meter = meters.get(name)
    if meter is None:
        raise _invalid(field, "there is no such meter in the catalog")
    if meter.parts:
        raise _invalid(field, f"its parts are priced, each by its own meter; set {', '.join(meter.parts)}")
    if not is_sold(meter, currency):
        raise _invalid(field, f"it is not sold in {currency}")
    return meter


class _Unit(msgspec.Struct, frozen=True):
    """What a price is for: one of a meter, as it is at a time."""

    meter: Meter
    currency: str
    time_ms: int


def _read_price(sent: ClientPriceRequest, field: str, unit: _Unit | None) -> ClientPrice:
    for name, number in (("price", sent.price), ("markup", sent.markup)):
        if sent.state == name and number is None:
            raise _invalid(f"{field}.{name}", f"the state {name!r} needs it")
        if sent.state != name and number is not None:
            raise _invalid(f"{field}.{name}", f"it belongs to the state {name!r}, and this is {sent.state!r}")
    if sent.state == "markup":
        return ClientPrice("markup", markup_micros=_read_markup(str(sent.markup), f"{field}.markup"))
    if sent.state == "price":
        return _read_unit_price(str(sent.price), f"{field}.price", unit)
    return ClientPrice(sent.state)


def _read_markup(text: str, field: str) -> int:
    micros = _parse(text, field)
    if not 0 < micros <= LARGEST_MARKUP_MICROS or micros % 10 ** (PLACES - MARKUP_PLACES):
        most = format_micros(LARGEST_MARKUP_MICROS)
        raise _invalid(
            field,
            f"{text[:40]} is not a multiple of the cost above 0 and at most {most}, with at most {MARKUP_PLACES} "
            "decimals; for 50 % more, use 1.5",
        )
    return micros


def _read_unit_price(text: str, field: str, unit: _Unit | None) -> ClientPrice:
    if unit is None:
        raise _invalid(field, "meters have different units, so a price is set for each; here, set a markup")
    meter = unit.meter
    if meter.priced_by_producer:
        raise _invalid(field, "this meter is priced by its producer, event by event, so it takes no price but a markup")
    micros = _parse(text, field)
    if not 0 < micros <= LARGEST_PRICE_MICROS:
        most = format_amount(LARGEST_PRICE_MICROS, unit.currency)
        raise _invalid(field, f"it must be above 0 and at most {most}; to charge nothing, set the state 'absorbed'")
    priced = price_or_first(meter, unit.currency, unit.time_ms)
    return ClientPrice("price", micros, priced.unit if priced else meter.unit)


def _parse(text: str, field: str) -> int:
    try:
        return parse_micros(text)
    except InvalidDecimal as wrong:
        raise _invalid(field, wrong.detail) from None


def _invalid(field: str, detail: str, **about: object) -> RebillingInvalid:
    return RebillingInvalid(f"{field}: {detail}", field=field, **about)
