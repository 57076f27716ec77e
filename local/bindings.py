"""Which of the app's handlers is called by what: Chalice knows the handlers, the template knows the real sources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalice.app import BaseEventSourceConfig, Chalice, DynamoDBEventConfig, ScheduledEventConfig, SQSEventConfig
from chalice.local import LambdaContext
from chalice.utils import to_cfn_resource_name

from local.resources import Function

DEFAULT_TIMEOUT_SECONDS = 60
MEMORY_MEGABYTES = 1024


class NotBound(Exception):
    """A handler has a kind of source that is not run here, or nothing in the template says which one."""


@dataclass(frozen=True)
class Binding:
    """A handler, and the properties of its event source: Chalice's own with the template's over them."""

    name: str
    kind: str
    handler: Callable[[Any, Any], Any]
    timeout_seconds: int
    properties: Mapping[str, Any]

    def call(self, event: Any) -> Any:
        """Call the handler as Lambda does. What it raises, it raises."""
        return self.handler(event, LambdaContext(self.name, MEMORY_MEGABYTES, self.timeout_seconds * 1000))

    def number(self, name: str, default: int) -> int:
        """Return a property that is a number; parameters of a template come as text."""
        return int(self.properties.get(name, default))

    def reports_item_failures(self) -> bool:
        """Tell whether Lambda would look at the handler's `batchItemFailures` at all."""
        return "ReportBatchItemFailures" in self.properties.get("FunctionResponseTypes", ())


def bindings(app: Chalice, functions: Mapping[str, Function]) -> list[Binding]:
    """Return the bindings of every queue, stream and schedule handler of the app. Raises NotBound."""
    return [_binding(app, config, functions) for config in app.event_sources]


def _binding(app: Chalice, config: BaseEventSourceConfig, functions: Mapping[str, Function]) -> Binding:
    function = functions.get(to_cfn_resource_name(config.name), Function(DEFAULT_TIMEOUT_SECONDS, {}))
    kind, properties = _own_properties(config)
    properties = {**properties, **function.event_source}
    if kind not in properties:
        raise NotBound(f"infrastructure/resources.json does not say which {kind} calls {config.name}")
    return Binding(config.name, kind, app.handler_map[config.name], function.timeout_seconds, properties)


def _own_properties(config: BaseEventSourceConfig) -> tuple[str, dict[str, Any]]:
    # A queue's or stream's name in app.py is a placeholder: the template binds the real one.
    if isinstance(config, SQSEventConfig):
        window = config.maximum_batching_window_in_seconds
        return "Queue", {"BatchSize": config.batch_size, "MaximumBatchingWindowInSeconds": window}
    if isinstance(config, DynamoDBEventConfig):
        return "Stream", {"BatchSize": config.batch_size}
    if isinstance(config, ScheduledEventConfig):
        expression = config.schedule_expression
        return "Schedule", {"Schedule": expression if isinstance(expression, str) else expression.to_string()}
    raise NotBound(f"{config.name} has a source of a kind that is not run locally: {type(config).__name__}")
