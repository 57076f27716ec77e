"""Run the steps, and compare each answer with the recorded one of the emulator."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.first_day.shape import Shape, differences, shape_of
from ops.first_day.steps import STEPS, Step, Trial
from ops.first_day.wire import Answer, Wire

RECORDED: Final = Path(__file__).with_name("expected.json")
WAIT_SECONDS: Final = 60
POLL_SECONDS: Final = 0.2


class Result(msgspec.Struct, frozen=True):
    """What came of one step. `differences` is None where it was not tried, for the reason in `got`."""

    step: str
    expected: str
    got: str
    differences: tuple[str, ...] | None
    shape: Shape | None = None

    @property
    def verdict(self) -> str:
        """Say the result in a word or two."""
        if self.differences is None:
            return "not tried"
        return f"differs ({len(self.differences)})" if self.differences else "same"


def new_trial(wire: Wire, *, webhook_url: str | None, with_connect: bool) -> Trial:
    """Return a run that has not begun."""
    return Trial(wire, f"first-day-{secrets.token_hex(6)}", _wait, webhook_url, with_connect)


def run_trial(trial: Trial) -> Iterator[Result]:
    """Yield the result of each step. Raises Unreachable."""
    expected = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    for step in STEPS:
        yield _run(step, trial, expected.get(step.name))


def record(results: list[Result]) -> None:
    """Write the shapes as those that are expected."""
    shapes = {each.step: each.shape for each in results if each.shape is not None}
    RECORDED.write_text(json.dumps(shapes, indent=1, sort_keys=True) + "\n")


def _run(step: Step, trial: Trial, expected: dict[str, Any] | None) -> Result:
    is_possible = {"a URL (--webhook-url)": bool(trial.webhook_url), "Connect (--connect)": trial.with_connect}
    if step.needs and not is_possible[step.needs]:
        return Result(step.name, _short(expected), f"needs {step.needs}", None)
    try:
        answer = step.run(trial)
    except KeyError as missing:
        return Result(step.name, _short(expected), f"{missing} was not made", ("what it needs was not made",))
    shape = _shape_of(answer)
    found = ("nothing is recorded of it",) if expected is None else tuple(differences(expected, shape))
    return Result(step.name, _short(expected), _short(shape), found, shape)


def _shape_of(answer: Answer) -> dict[str, Any]:
    shape = {"answer": f"={answer.status}", "body": shape_of(answer.body)}
    return {**shape, "replayed": "=yes"} if answer.replayed else shape


def _short(shape: dict[str, Any] | None) -> str:
    """Say what an answer is: its status, and the state or the codes."""
    if shape is None:
        return ""
    body = shape.get("body", {})
    error = body.get("error", {})
    told = [error.get(name) for name in ("code", "decline_code")] if error else [body.get("status")]
    said = [shape["answer"], *(each for each in told if each), shape.get("replayed") and "replayed"]
    return " ".join(str(each).removeprefix("=") for each in said if each)


def _wait(ask: Callable[[], Answer], is_there: Callable[[Answer], bool]) -> Answer:
    """Ask until what is waited for is there, or for a minute."""
    until = time.monotonic() + WAIT_SECONDS
    answer = ask()
    while not is_there(answer) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
        answer = ask()
    return answer
