"""The Lambda entry points: wiring only. Routes come by blueprint; every queue, schedule and stream handler is here."""

from typing import Any

from chalice.app import Chalice, SQSEvent

from chalicelib import api
from chalicelib.catalog.catalog import catalog
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
