"""The operator's policies: trials, dunning, auto-pay's retries, unneeded payments, disputes. Pure."""

from typing import Literal

import msgspec


class Trials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to a trial on a change to a plan that costs more; see `catalog.toml`."""

    dearer_plan: Literal["ends_trial", "pays_difference"] = "ends_trial"


class Dunning(msgspec.Struct, frozen=True):
    """What happens after a renewal has failed: when it is tried again, and how the subscription ends."""

    retry_after_days: tuple[int, ...]
    grace_days: int
    ends_as: Literal["unpaid", "canceled"]


class Retries(msgspec.Struct, frozen=True):
    """How long auto-pay waits before it tries a declined card again. After the last retry it stops."""

    after_ms: tuple[int, ...]

    def wait_ms(self, declines: int) -> int | None:
        """Return how long to wait after `declines` consecutive declines (at least one), or None for no further try."""
        return self.after_ms[declines - 1] if declines <= len(self.after_ms) else None


class PaymentPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done with a late payment that is no longer needed."""

    unneeded: Literal["refund", "park"] = "refund"


DisputePolicy = Literal["stop_charging_card", "go_on"]


class Disputes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a card is still charged automatically after a dispute or a fraud warning of a payment made with it."""

    on_open: DisputePolicy = "stop_charging_card"
    on_lost: DisputePolicy = "stop_charging_card"
    on_fraud_warning: DisputePolicy = "stop_charging_card"
