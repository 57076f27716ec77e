"""The values of a template's parameters: given ones, those of the stage, those that the stack remembers, answers."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from infrastructure.deploy.stages import Stage

BASE_URL: Final = "PortalBaseUrl"
PROTECTION: Final = "DeletionProtection"
UNKNOWN_BASE_URL: Final = "https://address-is-set-by-the-first-deployment.invalid"
"""Until the API exists, its address is unknown: `deploy` puts it in the place of this one."""

Ask = Callable[[str, str, str | None], str]
"""Asks for a parameter by name, description, and default; None if it must be answered."""


class WrongParameters(Exception):
    """Parameters that are missing, unknown or not as the template wants them; lists all of them."""


def read_given(texts: Sequence[str]) -> dict[str, str]:
    """Read `Name=value` texts. Raises WrongParameters."""
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise WrongParameters(
            f"not Name=value: {', '.join(wrong)}; one whose value has spaces: ARGS='--set \"Name=value\"'"
        )
    return dict(text.split("=", 1) for text in texts)


def choose(
    declared: Mapping[str, Any], stage: Stage, given: Mapping[str, str], remembered: frozenset[str], ask: Ask | None
) -> list[dict[str, Any]]:
    """Return the parameters as CloudFormation takes them; ask for what is missing. Raises WrongParameters.

    `remembered` are those that the stack has already. Without `ask`, nobody answers: what has no value is an error.
    """
    values = {**stage.parameters, **given}
    _refuse_unknown(values, declared)
    chosen: list[dict[str, Any]] = []
    missing = []
    for name, parameter in declared.items():
        if name not in values and name in remembered:
            chosen.append({"ParameterKey": name, "UsePreviousValue": True})
            continue
        if name not in values and ("Default" not in parameter or name in stage.ask):
            answer = _answer(name, parameter, ask)
            if answer is None:
                missing.append(f"{name}: {parameter.get('Description', '')}")
                continue
            values[name] = answer
        if name in values:
            chosen.append({"ParameterKey": name, "ParameterValue": values[name]})
    if missing:
        raise WrongParameters('give each of these, with SET="Name=value ...":\n' + "\n".join(missing))
    _refuse_wrong(chosen, declared)
    return chosen


def effective(
    declared: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]], remembered: Mapping[str, str]
) -> dict[str, str]:
    """Return the value that each parameter will have. Pure."""
    defaults = {name: str(parameter["Default"]) for name, parameter in declared.items() if "Default" in parameter}
    new = {each["ParameterKey"]: each["ParameterValue"] for each in chosen if "ParameterValue" in each}
    kept = {name: value for name, value in remembered.items() if name in declared}
    return {**defaults, **kept, **new}


def protected_later(declared: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what a stack is told only once it is there: that its tables refuse to be deleted. Pure.

    Of a creation that fails, CloudFormation could otherwise not delete the tables.
    """
    values = effective(declared, chosen, {})
    return {PROTECTION: "true"} if values.get(PROTECTION) == "true" else {}


def unprotected(later: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the parameters with which a stack is created whose protection comes later. Pure."""
    return [{"ParameterKey": name, "ParameterValue": "false"} for name in later]


def mark(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return the template with a description of its functions that changes with the values of the parameters. Pure.

    SAM publishes a version where something of a function changes in the template. A parameter's value does not, and
    the version that is live would keep the environment of the value before.
    """
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    function = {**template["Globals"]["Function"], "Description": f"Parameters {digest[:12]}"}
    return {**template, "Globals": {**template["Globals"], "Function": function}}


def _answer(name: str, parameter: Mapping[str, Any], ask: Ask | None) -> str | None:
    default = UNKNOWN_BASE_URL if name == BASE_URL else parameter.get("Default")
    if ask is None:
        return None if default is None else str(default)
    description = parameter.get("Description", "")
    if name == BASE_URL:
        answer = ask(name, f"{description}. Empty: the address that API Gateway gives it", "")
        return answer or UNKNOWN_BASE_URL
    return ask(name, description, None if default is None else str(default))


def _refuse_unknown(values: Mapping[str, str], declared: Mapping[str, Any]) -> None:
    unknown = values.keys() - declared.keys()
    if unknown:
        raise WrongParameters(
            f"the template has no parameter {', '.join(sorted(unknown))}; it has {', '.join(declared)}"
        )


def _refuse_wrong(chosen: Sequence[Mapping[str, Any]], declared: Mapping[str, Any]) -> None:
    """Find before anything is uploaded what CloudFormation would refuse afterwards."""
    wrong = []
    for choice in chosen:
        name, value = choice["ParameterKey"], choice.get("ParameterValue")
        parameter = declared[name]
        pattern, allowed = parameter.get("AllowedPattern"), parameter.get("AllowedValues")
        if value is None:
            continue
        if (pattern and not re.fullmatch(pattern, value)) or (allowed and value not in map(str, allowed)):
            wrong.append(
                f"{name}={value}: {parameter.get('Description', '')} ({pattern or ' or '.join(map(str, allowed))})"
            )
    if wrong:
        raise WrongParameters("\n".join(wrong))
