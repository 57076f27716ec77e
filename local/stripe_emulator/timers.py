"""What happens automatically: slow payments settle, refunds fail, disputes and fraud warnings arrive."""

from __future__ import annotations

import threading
from collections.abc import Callable

from local.stripe_emulator import charges, confirmation, disputes, refunds
from local.stripe_emulator.errors import Json
from local.stripe_emulator.work import TASK, Work

LOOK_EVERY_SECONDS = 0.05


def settle_payment(work: Work, details: Json) -> None:
    """Settle a payment that is processing."""
    intent = work.need("payment_intent", details["payment_intent"])
    if intent["status"] == "processing":
        confirmation.settle(work, intent, succeeded=details["outcome"] == "succeed")


def finish_refund(work: Work, details: Json) -> None:
    """Let a pending refund succeed."""
    refund = work.need("refund", details["refund"])
    if refund["status"] == "pending":
        refunds.finish(work, refund)


def fail_refund(work: Work, details: Json) -> None:
    """Fail a refund, even if it had succeeded."""
    refunds.fail(work, work.need("refund", details["refund"]))


def open_dispute(work: Work, details: Json) -> None:
    """Open a dispute of a charge, as the cardholder."""
    disputes.open_on(work, work.need("charge", details["charge"]), reason=details["reason"])


def open_inquiry(work: Work, details: Json) -> None:
    """Open an inquiry about a charge, as the cardholder's bank."""
    disputes.open_on(work, work.need("charge", details["charge"]), reason="fraudulent", inquiry=True)


def close_dispute(work: Work, details: Json) -> None:
    """Decide a dispute on its evidence, as the bank."""
    disputes.decide(work, work.need("dispute", details["dispute"]), won=details["outcome"] == "won")


def warn_of_fraud(work: Work, details: Json) -> None:
    """Warn of fraud, as the card's issuer."""
    charges.warn_of_fraud(work, work.need("charge", details["charge"]))


ACTIONS: dict[str, Callable[[Work, Json], None]] = {
    action.__name__: action
    for action in (settle_payment, finish_refund, fail_refund, open_dispute, open_inquiry, close_dispute, warn_of_fraud)
}


def run_due(work: Work, task: Json) -> None:
    """Run a task, and mark it as done."""
    current = work.need(TASK, task["id"])
    if not current["done"]:
        ACTIONS[current["action"]](work, current["details"])
        work.save(current | {"done": True})


class Timers:
    """The background worker that runs tasks when they are due."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._run_due_tasks = run
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        """Start checking for due tasks."""
        self._thread.start()

    def stop(self) -> None:
        """Stop checking; tasks that are not done stay in the store."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            self._run_due_tasks()
