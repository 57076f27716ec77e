"""The generated files, as texts by their paths. Pure."""

import json
from collections.abc import Iterator
from typing import Final

from infrastructure.generator import encryption
from infrastructure.generator.alarms import alarms
from infrastructure.generator.dashboard import dashboard
from infrastructure.generator.functions import functions
from infrastructure.generator.gateway import LOG_DAYS, STAGE_NAME, gateway
from infrastructure.generator.names import API, Document, queue_id, ref, table_id
from infrastructure.generator.policies import policy
from infrastructure.generator.queues import outputs, queues
from infrastructure.generator.rights import queues_sent_to
from infrastructure.generator.specification import Specification
from infrastructure.generator.tables import tables

STAGE: Final = "production"
CHALICE: Final = {
    "version": "2.0",
    "app_name": "billing-portal",
    "api_gateway_endpoint_type": "REGIONAL",
    "api_gateway_stage": STAGE_NAME,
    "autogen_policy": False,
    "automatic_layer": True,
    "log_retention_in_days": LOG_DAYS,
    "xray": True,
}


def files(specification: Specification, base: Document) -> dict[str, str]:
    """Return the content of each file, by its path in the repository."""
    return {path: json.dumps(document, indent=2) + "\n" for path, document in _documents(specification, base)}


def _documents(specification: Specification, base: Document) -> Iterator[tuple[str, Document]]:
    yield "infrastructure/resources.json", _resources(specification, base)
    yield ".chalice/config.json", _config(specification)
    yield f".chalice/{_policy_file(API)}", policy(API, specification.api, specification)
    for name, function in specification.functions.items():
        yield f".chalice/{_policy_file(name)}", policy(name, function, specification)


def _resources(specification: Specification, base: Document) -> Document:
    function = {**base["Globals"]["Function"], "KmsKeyArn": encryption.of_function()}
    variables = {**dict(_variables(specification)), **function["Environment"]["Variables"]}
    resources = {
        **dict(tables(specification)),
        **dict(queues(specification)),
        **base["Resources"],
        **dict(gateway()),
        **dict(functions(specification)),
        **dict(alarms(specification)),
        **dict(dashboard(specification)),
    }
    return {
        **base,
        "Globals": {**base["Globals"], "Function": {**function, "Environment": {"Variables": variables}}},
        "Resources": resources,
        "Outputs": {**base["Outputs"], **dict(outputs(specification))},
    }


def _variables(specification: Specification) -> Iterator[tuple[str, Document]]:
    for name in specification.tables:
        yield f"{name.upper()}_TABLE", ref(table_id(name))
    for name in queues_sent_to(specification):
        yield f"{name.upper()}_QUEUE_URL", ref(queue_id(name))


def _config(specification: Specification) -> Document:
    policies = {name: {"iam_policy_file": _policy_file(name)} for name in specification.functions}
    return {**CHALICE, "stages": {STAGE: {"iam_policy_file": _policy_file(API), "lambda_functions": policies}}}


def _policy_file(name: str) -> str:
    return f"policy-{name.replace('_', '-')}.json"
