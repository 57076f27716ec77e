"""The form of prices: what it shows of an account's settings, and the change that it asks for when it is sent.

It has the fields `enabled`, `from` and `allowance`, and for each meter, and for all of them (`default`), a state with a
price or a markup: `meters.sms.state`, `meters.sms.price`, `meters.sms.markup`. So a refusal of the API's verb names a
field of the form. Only what differs from the settings is sent: what was planned for the rest stays planned.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final, get_args

from msgspec import UNSET

from chalicelib.clients.change_rebilling import RebillingState
from chalicelib.clients.rebilling_request import RebillingInvalid, RebillingRequest
from chalicelib.errors import Refusal
from chalicelib.http_input import read_fields
from chalicelib.money import PLACES, InvalidDecimal, format_amount, format_micros
from chalicelib.portal import forms
from chalicelib.portal.refusals import explain
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.typed_amount import TooManyPlaces, read_multiple
from chalicelib.pricing.client_price import State
from chalicelib.pricing.rebilling import ALL_METERS, Dated, value_at

DEFAULT: Final = "default"
NUMBERS: Final = ("price", "markup")
STATES: Final = get_args(State)

Fields = Mapping[str, str]


def keys_of(state: RebillingState) -> dict[str, str]:
    """Return what prices are kept under, `*` and meters, by the beginning of their fields' names."""
    return {DEFAULT: ALL_METERS, **{f"meters.{meter}": meter for meter in state.timelines}}


def names_of(state: RebillingState) -> list[str]:
    """Return the names of all fields."""
    prices = [f"{key}.{name}" for key in keys_of(state) for name in ("state", *NUMBERS)]
    return ["enabled", "from", "allowance", "drop_planned", *prices]


def stored_fields(request: PortalRequest, state: RebillingState) -> dict[str, str]:
    """Return the fields as the settings fill them. A void price is left out: it was for another unit."""
    own, time_ms = state.own, state.time_ms
    given = {
        "enabled": "on" if own.is_on(time_ms) else "off",
        "allowance": _to_type(request, own.allowance_at(time_ms)),
    }
    for key, kept_as in keys_of(state).items():
        price = value_at(own.prices.get(kept_as, ()), time_ms)
        if price is None:
            continue
        given[f"{key}.state"] = price.state
        if price.markup_micros is not None:
            given[f"{key}.markup"] = request.words.number(format_micros(price.markup_micros))
        now = state.timelines[kept_as][0] if kept_as in state.timelines else None
        if price.unit_price_micros and now and now.cost_micros is not None and not price.is_void(now.unit):
            given[f"{key}.price"] = _to_type(request, price.unit_price_micros)
    return {**dict.fromkeys(names_of(state), ""), **given}


def _to_type(request: PortalRequest, micros: int) -> str:
    return request.words.to_type(format_amount(micros, request.currency), request.currency) if micros else ""


def planned_in(state: RebillingState) -> set[str]:
    """Return the fields' beginnings for which the account itself has planned a change."""

    def is_planned(dated: Iterable[Dated[Any]]) -> bool:
        return any(each.from_ms > state.time_ms for each in dated)

    own = state.own
    found = {key for key, kept_as in keys_of(state).items() if is_planned(own.prices.get(kept_as, ()))}
    others = {"enabled": is_planned(own.switches), "allowance": is_planned(own.allowances_micros)}
    return found | {name for name, planned in others.items() if planned}


class FormReader:
    """Reads a form that was sent: `errors` is what is wrong, by field; without errors, `change` is what it asks for."""

    def __init__(self, request: PortalRequest, state: RebillingState, sent: Fields) -> None:
        self._request, self._sent = request, sent
        self._stored = stored_fields(request, state)
        self._dropped = planned_in(state) if sent.get("drop_planned") else set()
        self.errors: forms.Errors = {}
        meters = {
            kept_as: self._price(key)
            for key, kept_as in keys_of(state).items()
            if key != DEFAULT and self._is_changed(key, self._shown(self._stored, key), self._shown(sent, key))
        }
        default_changed = self._is_changed(DEFAULT, self._shown(self._stored, DEFAULT), self._shown(sent, DEFAULT))
        self._settings = {
            "enabled": sent.get("enabled") == "on" if self._differs("enabled") else UNSET,
            "default": self._price(DEFAULT) if default_changed else UNSET,
            "meters": meters or UNSET,
            "allowance": self._allowance() if self._differs("allowance") else UNSET,
        }

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing differs from the settings."""
        return all(each is UNSET for each in self._settings.values())

    @cached_property
    def change(self) -> RebillingRequest:
        """Return the change that the form asks for. Raises InvalidRequest."""
        others = {"from": self._sent.get("from"), "confirmed": self._sent.get("confirmed") == "yes"}
        return read_fields({**self._settings, **others}, RebillingRequest)

    def _is_changed(self, key: str, stored: object, sent: object) -> bool:
        return key in self._dropped or stored != sent

    def _differs(self, name: str) -> bool:
        return self._is_changed(name, self._stored[name], self._sent.get(name, ""))

    @staticmethod
    def _shown(fields: Fields, key: str) -> tuple[str, str]:
        """Return a state, and the number that belongs to it."""
        state = fields.get(f"{key}.state", "")
        return state, fields.get(f"{key}.{state}", "") if state in NUMBERS else ""

    def _price(self, key: str) -> dict[str, str] | None:
        state, text = self._shown(self._sent, key)
        found: State | None = next((each for each in STATES if each == state), None)
        if found is None:
            return None
        if not text:
            return {"state": found}
        field = f"{key}.{found}"
        return {"state": found, found: self._amount(field) if found == "price" else self._multiple(field)}

    def _allowance(self) -> str | None:
        return self._amount("allowance") if self._sent.get("allowance") else None

    def _amount(self, field: str) -> str:
        places = PLACES if field != "allowance" else None
        try:
            typed = forms.amount(self._request, self._sent, field, places=places)
        except (InvalidDecimal, TooManyPlaces) as refusal:
            return self._wrong(field, refusal)
        return typed.amount if typed else "0"

    def _multiple(self, field: str) -> str:
        try:
            return read_multiple(self._sent[field], self._request.words.locale)
        except InvalidDecimal:
            return self._wrong(field, RebillingInvalid(field, field=field))

    def _wrong(self, field: str, refusal: Refusal) -> str:
        """Keep what is wrong; a change with errors is not used, so any number fills its place."""
        self.errors[field] = explain(refusal, self._request.words, self._request.currency)
        return "1"
