"""A schedule as an event source: calls the handler when it is due, with the event that EventBridge sends."""

import logging
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from local.bindings import Binding
from local.resources import REGION
from local.schedule import next_time

_log = logging.getLogger(__name__)


class ScheduleSource:
    """Fires the schedule of one binding until it is told to stop."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self.expression: str = binding.properties["Schedule"]

    def run(self, stopping: threading.Event) -> None:
        """Call the handler each time that the schedule is due."""
        due = next_time(self.expression, datetime.now(UTC))
        while not stopping.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
            self.fire(due)
            due = next_time(self.expression, datetime.now(UTC))

    def fire(self, due: datetime) -> None:
        """Call the handler once. A failure is logged, and the schedule continues."""
        try:
            self.binding.call(scheduled_event(self.binding.name, due))
        except Exception:  # noqa: BLE001 - Lambda's side of the call: the schedule continues whatever is raised.
            _log.exception("%s failed", self.binding.name)


def scheduled_event(name: str, due: datetime) -> dict[str, Any]:
    """Return the event that EventBridge passes to a function when a schedule is due."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:000000000000:rule/{name}"],
        "detail": {},
    }
