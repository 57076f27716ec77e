"""A workspace with a client, and their prices over HTTP."""

from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.token import Role
from tests.api import Api
from tests.build import unique


@dataclass(frozen=True)
class Agency:
    """A workspace with one client, `<workspace>.bob`."""

    api: Api
    workspace: str

    @property
    def client(self) -> str:
        return f"{self.workspace}.bob"

    def put(
        self, account_id: str, body: Any, *, query: str = "", role: Role = "owner", of: str = ""
    ) -> requests.Response:
        """Change an account's prices, by default as the workspace's owner."""
        token = self.api.token(role, of or self.workspace)
        return self.api.put(f"/v1/accounts/{account_id}/rebilling{query}", body, token=token)

    def change(self, account_id: str, **body: Any) -> dict[str, Any]:
        answer = self.put(account_id, body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def get(self, account_id: str, *, role: Role = "owner", of: str = "") -> requests.Response:
        return self.api.get(f"/v1/accounts/{account_id}/rebilling", token=self.api.token(role, of or self.workspace))

    def shown(self, account_id: str) -> dict[str, Any]:
        """Return an account's prices as they are shown now."""
        answer = self.get(account_id)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def new_agency(api: Api) -> Agency:
    agency = Agency(api, api.make_account(unique("agency")))
    api.make_account(agency.client, kind="client", workspace_id=agency.workspace)
    return agency


def meter(shown: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one meter of an answer."""
    (found,) = [each for each in shown["meters"] if each["meter"] == name]
    return dict(found)


def codes(shown: dict[str, Any]) -> list[str]:
    return [each["code"] for each in shown["warnings"]]
