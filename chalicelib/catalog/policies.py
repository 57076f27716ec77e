"""What the operator decides: on trials, declined cards, unneeded payments and objections of banks. Pure."""

from typing import Literal

import msgspec


class Trials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan does to a trial that costs more than the one that is free: see the file."""

    dearer_plan: Literal["ends_trial", "pays_difference"] = "ends_trial"


class Dunning(msgspec.Struct, frozen=True):
    """What follows when a renewal comes to nothing: when it is tried again, and what becomes of it in the end."""

    retry_after_days: tuple[int, ...]
    grace_days: int
    ends_as: Literal["unpaid", "canceled"]


class Retries(msgspec.Struct, frozen=True):
    """When auto-pay tries a card again that was declined; after the last of these it is left to a person."""

    after_ms: tuple[int, ...]

    def wait_ms(self, declines: int) -> int | None:
        """Return how long to wait after so many declines in a row, at least one; None: not tried again."""
        return self.after_ms[declines - 1] if declines <= len(self.after_ms) else None


class PaymentPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done with a payment that succeeds after it was given up, and that nothing needs any more."""

    unneeded: Literal["refund", "park"] = "refund"


DisputePolicy = Literal["stop_charging_card", "go_on"]


class Disputes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a card is still charged by itself after a bank has objected to a payment made with it."""

    on_open: DisputePolicy = "stop_charging_card"
    on_lost: DisputePolicy = "stop_charging_card"
    on_fraud_warning: DisputePolicy = "stop_charging_card"
