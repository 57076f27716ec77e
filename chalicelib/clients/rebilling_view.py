"""The shape of rebilling in an answer."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from chalicelib.catalog.catalog import Catalog
from chalicelib.clients.change_rebilling import RebillingState
from chalicelib.clients.preview import MeterPreview, Preview
from chalicelib.clients.rebilling_prices import LevelOrNone, MeterPrice, Timeline
from chalicelib.clients.warnings import PriceWarning
from chalicelib.clock import iso
from chalicelib.money import format_amount, format_micros
from chalicelib.pricing.client_price import ClientPrice, State
from chalicelib.pricing.rebilling import ALL_METERS, Dated, dated_at

ValueT = TypeVar("ValueT")


class PlannedSwitchView(msgspec.Struct, rename={"start": "from"}):
    """A planned change of the switch."""

    start: str
    enabled: bool


class PlannedAllowanceView(msgspec.Struct, rename={"start": "from"}):
    """A planned change of the allowance."""

    start: str
    allowance: str


class DefaultPriceView(msgspec.Struct, rename={"start": "from"}):
    """The account's own setting for all meters without one of their own; `state` is null where it is cleared."""

    start: str
    state: State | None
    markup: str | None


class VoidPriceView(msgspec.Struct):
    """A price that is void, because it is for another unit than the meter's."""

    price: str
    unit: str | None


class MeterPriceView(msgspec.Struct, kw_only=True, rename={"start": "from"}):
    """What one unit of a meter costs the workspace and its client from a time on.

    `level` says whose setting `state` is. `cost`, `price` and `margin` are null for a meter that its producer prices;
    `margin` may be negative. `void` is the price that no longer counts because the unit has changed.
    """

    start: str
    state: State
    level: LevelOrNone
    unit: str
    cost: str | None
    price: str | None
    margin: str | None
    markup: str | None
    void: VoidPriceView | None
    sentence: str


class RebilledMeterView(MeterPriceView, kw_only=True):
    """A meter's price, and the changes of it that are planned: of a setting, or of the cost."""

    meter: str
    name: str
    planned: list[MeterPriceView]


class PreviewedUsageView(msgspec.Struct):
    """Usage of a month: its cost, what was charged for it, what would be charged, and what the workspace would keep."""

    cost: str
    charged: str
    would_be_charged: str
    margin: str


class PreviewedMeterView(PreviewedUsageView, kw_only=True):
    """One meter's usage of a month. The quantity is counted in the unit of that month."""

    meter: str
    quantity: str
    unit: str


class RebillingPreviewView(msgspec.Struct):
    """Last month's usage, priced by the settings after the change; amounts are right to within roundings of events.

    `clients` is how many were priced, and `complete` whether these are all that used something. `allowance` is what of
    the usage allowances would have covered; the margin of `total` is without it.
    """

    month: str
    clients: int
    complete: bool
    allowance: str
    total: PreviewedUsageView
    meters: list[PreviewedMeterView]


class RebillingView(msgspec.Struct, rename={"start": "from"}):
    """What a client pays, or by default a workspace's clients, at a time: `at`.

    After a change, `at` is when it takes effect. `enabled` is valid since `from`, which is null if it was never set.
    `preview` is there if it was asked for.
    """

    account_id: str
    currency: str
    at: str
    enabled: bool
    start: str | None
    enabled_planned: list[PlannedSwitchView]
    default: DefaultPriceView | None
    default_planned: list[DefaultPriceView]
    allowance: str | None
    allowance_planned: list[PlannedAllowanceView]
    meters: list[RebilledMeterView]
    warnings: list[PriceWarning]
    preview: RebillingPreviewView | None = None


def view_rebilling(state: RebillingState, catalog: Catalog, preview: Preview | None = None) -> RebillingView:
    """Present an account's settings, and the preview of a change."""
    own, currency, time_ms = state.own, state.account.currency, state.time_ms
    switch = dated_at(own.switches, time_ms)
    defaults = own.prices.get(ALL_METERS, ())
    default = dated_at(defaults, time_ms)
    is_client = state.account.kind == "client"
    return RebillingView(
        account_id=state.account.account_id,
        currency=currency,
        at=iso(time_ms),
        enabled=own.is_on(time_ms),
        start=iso(switch.from_ms) if switch else None,
        enabled_planned=_planned(own.switches, time_ms, PlannedSwitchView),
        default=_view_default(iso(default.from_ms), default.value) if default and default.value else None,
        default_planned=_planned(defaults, time_ms, _view_default),
        allowance=format_amount(own.allowance_at(time_ms), currency) if is_client else None,
        allowance_planned=_planned(
            own.allowances_micros,
            time_ms,
            lambda start, value: PlannedAllowanceView(start, format_amount(value, currency)),
        ),
        meters=[
            _view_meter(name, catalog.meters[name].name, timeline, currency)
            for name, timeline in state.timelines.items()
        ],
        warnings=state.warnings,
        preview=_view_preview(preview, currency) if preview else None,
    )


def _planned(dated: Iterable[Dated[ValueT]], time_ms: int, view: Callable[[str, ValueT], Any]) -> list[Any]:
    """Present what is planned, the next first."""
    return [view(iso(each.from_ms), each.value) for each in dated if each.from_ms > time_ms][::-1]


def _view_default(start: str, price: ClientPrice | None) -> DefaultPriceView:
    return DefaultPriceView(start, price.state if price else None, _markup(price) if price else None)


def _markup(price: ClientPrice) -> str | None:
    return None if price.markup_micros is None else format_micros(price.markup_micros)


def _view_meter(name: str, title: str, timeline: Timeline, currency: str) -> RebilledMeterView:
    now, *planned = timeline
    return RebilledMeterView(
        meter=name,
        name=title,
        planned=[MeterPriceView(**_fields(each, currency)) for each in planned],
        **_fields(now, currency),
    )


def _fields(found: MeterPrice, currency: str) -> dict[str, Any]:
    def amount(micros: int | None) -> str | None:
        return None if micros is None else format_amount(micros, currency)

    void = VoidPriceView(str(amount(found.chosen.unit_price_micros)), found.chosen.unit) if found.is_void else None
    return {
        "start": iso(found.from_ms),
        "state": found.valid.state,
        "level": found.level,
        "unit": found.unit,
        "cost": amount(found.cost_micros),
        "price": amount(found.price_micros),
        "margin": amount(found.margin_micros),
        "markup": _markup(found.valid),
        "void": void,
        "sentence": sentence_of(found, currency),
    }


def sentence_of(found: MeterPrice, currency: str) -> str:
    """Say what a price means: `you pay 0.02, your client pays 0.04, you keep 0.02`."""
    if found.cost_micros is None or found.price_micros is None or found.margin_micros is None:
        markup = _markup(found.valid)
        times = {"absorbed": "nothing", "markup": f"{markup} times what you pay"}
        return f"your client pays {times.get(found.valid.state, 'what you pay')}"
    cost, price = format_amount(found.cost_micros, currency), format_amount(found.price_micros, currency)
    margin = format_amount(abs(found.margin_micros), currency)
    kept = f"keep {margin}" if found.margin_micros > 0 else f"lose {margin}" if found.margin_micros else "keep nothing"
    return f"you pay {cost}, your client pays {price}, you {kept}"


def _view_preview(preview: Preview, currency: str) -> RebillingPreviewView:
    total = MeterPreview("")
    for each in preview.meters.values():
        total.add(each)
    return RebillingPreviewView(
        month=preview.month.name,
        clients=preview.clients,
        complete=preview.is_complete,
        allowance=format_amount(preview.allowance_micros, currency),
        total=PreviewedUsageView(**_amounts(total, currency, without_micros=preview.allowance_micros)),
        meters=[
            PreviewedMeterView(
                meter=name, quantity=format_micros(used.quantity_micros), unit=used.unit, **_amounts(used, currency)
            )
            for name, used in sorted(preview.meters.items())
        ],
    )


def _amounts(used: MeterPreview, currency: str, *, without_micros: int = 0) -> dict[str, str]:
    return {
        "cost": format_amount(used.cost_micros, currency),
        "charged": format_amount(used.charged_micros, currency),
        "would_be_charged": format_amount(used.new_micros, currency),
        "margin": format_amount(used.margin_micros - without_micros, currency),
    }
