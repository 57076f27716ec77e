"""app.py, functions.toml and the handlers of the packages speak of the same functions."""

import inspect

import pytest
from chalice.app import DynamoDBEventConfig, ScheduledEventConfig, SQSEventConfig

from app import app
from chalicelib.lambda_function import lambda_function
from infrastructure.generator.specification import SPECIFICATION, Function, read
from local.bindings import entry_point
from tests.functions import ENTRY_POINTS

SPECIFIED = read(SPECIFICATION.read_text()).functions


def config_of(function: Function) -> type:
    if function.queue:
        return SQSEventConfig
    return DynamoDBEventConfig if function.stream else ScheduledEventConfig


def test_app_registers_each_function_once_and_by_its_kind() -> None:
    """Chalice takes a second handler of the same name in place of the first, and says nothing."""
    registered = sorted((config.name, type(config).__name__) for config in app.event_sources)
    assert registered == sorted((name, config_of(function).__name__) for name, function in SPECIFIED.items())


@pytest.mark.parametrize("name", sorted(ENTRY_POINTS))
def test_lambda_enters_in_a_package_under_the_decorator_of_all(name: str) -> None:
    function = entry_point(ENTRY_POINTS[name])
    assert function.__name__ == name
    assert inspect.unwrap(function) is not function
    assert function.__code__ is lambda_function(print).__code__
