"""Faults that tests add: the emulator misbehaves on chosen calls or webhooks, never at random."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from local.stripe_emulator.errors import ApiError, Json
from local.stripe_emulator.ids import new_id


class Kind(StrEnum):
    """What goes wrong. The second group is about webhooks."""

    SLOW = "slow"
    SLOW_AFTER_EFFECT = "slow_after_effect"
    CUT_BEFORE_EFFECT = "cut_before_effect"
    CUT_AFTER_EFFECT = "cut_after_effect"
    STATUS = "status"
    SAVED_500 = "500_saved"
    AFTER_EFFECT_500 = "500_after_effect"
    ERROR = "error"
    SAVED_ERROR = "error_saved"

    OTHER_MODE = "other_mode"

    WEBHOOK_DUPLICATE = "webhook_duplicate"
    WEBHOOK_DELAY = "webhook_delay"
    WEBHOOK_HOLD = "webhook_hold"
    WEBHOOK_SHUFFLE = "webhook_shuffle"
    WEBHOOK_DROP = "webhook_drop"
    WEBHOOK_OTHER_MODE = "webhook_other_mode"

    @property
    def about_webhooks(self) -> bool:
        """Whether the fault is about webhooks rather than calls."""
        return self.value.startswith("webhook_")


@dataclass
class Fault:
    """One fault: it skips `nth - 1` matches, then applies `times` times (0 means always)."""

    kind: Kind
    method: str = "*"
    path: str = "*"
    event: str = "*"
    account: str = "*"
    nth: int = 1
    times: int = 1
    seconds: float = 1.0
    status: int = 500
    code: str = ""
    type: str = "invalid_request_error"
    message: str = "The Stripe emulator was told to answer this."
    param: str = ""
    decline_code: str = ""
    copies: int = 2
    id: str = field(default_factory=lambda: new_id("fault", 12))
    seen: int = 0
    struck: int = 0

    def shown(self) -> Json:
        """Return the fault as the control API shows it."""
        return {name: str(value) if isinstance(value, Kind) else value for name, value in vars(self).items()}

    def error(self, *, begun: bool) -> ApiError:
        """Return the error that the fault describes."""
        extra = {"decline_code": self.decline_code} if self.decline_code else {}
        return ApiError(
            self.status,
            self.message,
            type=self.type,
            code=self.code or None,
            param=self.param or None,
            begun=begun,
            extra=extra,
        )

    def strikes(self) -> bool:
        """Count a match, and tell whether the fault applies to it."""
        if self.times and self.struck >= self.times:
            return False
        self.seen += 1
        if self.seen < self.nth:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults that tests added. For each call or event, the first one that applies is used."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._guard = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        with self._guard:
            self._faults.append(fault)

    def all(self) -> list[Json]:
        """Return the faults with the number of their matches (`seen`) and of their effects (`struck`)."""
        with self._guard:
            return [fault.shown() for fault in self._faults]

    def clear(self, identifier: str | None = None) -> None:
        """Cancel one fault, or all."""
        with self._guard:
            self._faults = [fault for fault in self._faults if identifier not in (None, fault.id)]

    def for_call(self, method: str, path: str, account: str) -> Fault | None:
        """Return the fault that applies to this call."""
        with self._guard:
            for fault in self._faults:
                if fault.kind.about_webhooks or not _matches(fault, account):
                    continue
                if fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path) and fault.strikes():
                    return fault
        return None

    def for_event(self, type: str, account: str) -> Fault | None:
        """Return the fault that applies to the delivery of this event."""
        with self._guard:
            for fault in self._faults:
                if not fault.kind.about_webhooks or not _matches(fault, account):
                    continue
                if fnmatchcase(type, fault.event) and fault.strikes():
                    return fault
        return None


def _matches(fault: Fault, account: str) -> bool:
    return fnmatchcase(account, fault.account)
