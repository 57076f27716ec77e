"""The simulator is run: short lives and long ones."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.auto_pay.simulator import AutoPayMachine
from tests.depth import examples


@pytest.mark.parametrize("steps", [10, 80])
def test_no_sequence_of_events_breaks_what_auto_pay_promises(steps: int) -> None:
    run_state_machine_as_test(
        AutoPayMachine,
        settings=settings(
            max_examples=examples(150),
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
        ),
    )
