"""The published versions of a stack's functions, and which of them is live."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from botocore.exceptions import ClientError

from infrastructure.aliases import ALIAS
from infrastructure.deploy.account import Account
from infrastructure.deploy.stacks import Resource

Versions = Mapping[str, str]
"""A version's number by the name of its function."""

_AT_ONCE: Final = 8


def function_names(found: Iterable[Resource]) -> dict[str, str]:
    """Return the names of a stack's functions, each with its logical id."""
    return {each.name: each.logical_id for each in found if each.type == "AWS::Lambda::Function" and each.name}


def deployed_versions(found: Iterable[Resource]) -> dict[str, str]:
    """Return the versions that a stack's resources are: those of its last deployment."""
    versions = {}
    for each in found:
        if each.type == "AWS::Lambda::Version" and each.name and not each.status.startswith("DELETE"):
            _, function, version = each.name.rsplit(":", 2)
            versions[function] = version
    return versions


def live_versions(account: Account, functions: Iterable[str]) -> dict[str, str]:
    """Return the versions that the functions' aliases point at; a function without the alias is left out."""

    def live(name: str) -> tuple[str, str]:
        try:
            return name, account.functions.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"]
        except account.functions.exceptions.ResourceNotFoundException:
            return name, ""

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return {name: version for name, version in threads.map(live, functions) if version}


def is_halted(account: Account, function: str) -> bool:
    """Tell whether a function may not run at all, as after `ops halt`."""
    found = account.functions.get_function_concurrency(FunctionName=function)
    return bool(found.get("ReservedConcurrentExecutions") == 0)


def differing(current: Versions, wanted: Versions) -> dict[str, tuple[str, str]]:
    """Return, by function, the version that is live and the one that is wanted, where they differ."""
    return {
        name: (version, wanted[name])
        for name, version in sorted(current.items())
        if name in wanted and wanted[name] != version
    }


def point(account: Account, versions: Versions) -> None:
    """Point the functions' aliases at versions. May be repeated. Raises ClientError, as for a version that is gone."""
    for name, version in versions.items():
        account.functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)


def published_versions(account: Account, functions: Iterable[str]) -> dict[str, list[str]]:
    """Return the versions that were published of each function, by its name."""
    paginator = account.functions.get_paginator("list_versions_by_function")
    return {
        name: [
            each["Version"]
            for page in paginator.paginate(FunctionName=name)
            for each in page["Versions"]
            if each["Version"] != "$LATEST"
        ]
        for name in functions
    }


def delete_unused(account: Account, published: Mapping[str, Iterable[str]], used: Mapping[str, frozenset[str]]) -> int:
    """Delete the published versions of each function that are not used; return how many.

    Also those that a failed deployment left: AWS would take them for what the next one wants to publish. A function of
    which nothing is used was never deployed with versions, and is left alone.
    """
    return sum(
        _delete(account, name, version)
        for name, kept in used.items()
        for version in published.get(name, ())
        if kept and version not in kept
    )


def _delete(account: Account, name: str, version: str) -> bool:
    try:
        account.functions.delete_function(FunctionName=name, Qualifier=version)
    except ClientError as error:
        # An alias points at it: somebody has just made it live.
        if error.response["Error"]["Code"] != "ResourceConflictException":
            raise
        return False
    return True
