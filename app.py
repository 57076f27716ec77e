"""The Lambda entry points: wiring only. Routes come by blueprint; every queue, schedule and stream handler is here."""

from typing import Any

import msgspec
from chalice.app import Chalice, CloudWatchEvent, Rate, SQSEvent

from chalicelib import api, clock
from chalicelib.catalog.catalog import catalog
from chalicelib.payments.sweep import sweep
from chalicelib.usage.record import record

app = Chalice(app_name="billing-portal")
app.api.binary_types = []

for blueprint in api.BLUEPRINTS:
    app.register_blueprint(blueprint)


@app.on_sqs_message(queue="usage", batch_size=10_000, maximum_batching_window_in_seconds=2, name="record_usage")
def record_usage(event: SQSEvent) -> dict[str, Any]:
    """Post usage messages; the ids of those that could not be posted go back, and the queue delivers them again."""
    failed = record(event.to_dict()["Records"], catalog())
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@app.schedule(Rate(5, unit=Rate.MINUTES), name="sweep_payments")
def sweep_payments(_event: CloudWatchEvent) -> dict[str, Any]:
    """Ask Stripe about the payments that have not ended. Raises SweepIncomplete at the end if one of them met a bug."""
    counts: dict[str, Any] = msgspec.to_builtins(sweep(clock.now_ms()))
    return counts
