"""The stages of `stages.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).resolve().parents[1] / "stages.toml"
KEYS: Final = {"stack", "disposable", "ask", "parameters"}
LONGEST_STACK: Final = 30
"""Characters of a stack's name. The names of tables and queues begin with it, and a function's settings hold them all:
Lambda takes 4 KB of settings."""


class WrongStage(Exception):
    """A stage that is not described, or not as `stages.toml` says."""


@dataclass(frozen=True)
class Stage:
    """A stage: its stack, whether it may be destroyed, the parameters that it sets and those that it asks for."""

    name: str
    stack: str
    disposable: bool = False
    ask: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_stages(text: str) -> dict[str, Stage]:
    """Return the stages by name. Raises WrongStage."""
    stages = {name: _stage(name, section) for name, section in tomllib.loads(text).items()}
    by_stack: dict[str, str] = {}
    for name, stage in stages.items():
        if (other := by_stack.setdefault(stage.stack, name)) != name:
            raise WrongStage(f"stages {other} and {name} name the same stack, {stage.stack}")
    return stages


def find_stage(name: str) -> Stage:
    """Return a stage by its name. Raises WrongStage, which names those that exist."""
    stages = read_stages(FILE.read_text())
    if name not in stages:
        raise WrongStage(f"there is no stage {name!r}, only {', '.join(stages)}: add a section to {FILE.name}")
    return stages[name]


def _stage(name: str, section: Mapping[str, Any]) -> Stage:
    unknown = section.keys() - KEYS
    if unknown:
        raise WrongStage(f"stage {name}: unknown {', '.join(sorted(unknown))}")
    if not section.get("stack"):
        raise WrongStage(f"stage {name}: the name of its stack is missing")
    if not isinstance(section.get("disposable", False), bool):
        raise WrongStage(f"stage {name}: disposable must be true or false, without quotation marks")
    if len(section["stack"]) > LONGEST_STACK:
        raise WrongStage(f"stage {name}: the name of its stack is longer than {LONGEST_STACK} characters")
    wrong = [key for key, value in section.get("parameters", {}).items() if not isinstance(value, str)]
    if wrong:
        raise WrongStage(f"stage {name}: {', '.join(wrong)} must be in quotation marks")
    return Stage(
        name,
        section["stack"],
        section.get("disposable", False),
        tuple(section.get("ask", ())),
        section.get("parameters", {}),
    )
