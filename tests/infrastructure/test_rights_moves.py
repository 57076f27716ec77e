"""The API may move clients, the function that settles moves may do what it does, and so may recording after a move."""

import json

from msgspec.structs import replace

from chalicelib.allowances.allowance import Allowance
from chalicelib.allowances.table import AllowanceRow, open_new
from chalicelib.clock import month_of, now_ms
from chalicelib.moves import table
from tests.environment import use
from tests.infrastructure.guarded import Client, Guarded, event, scheduled


def make_client(client: Client, name: str) -> str:
    fields = {"kind": "client", "workspace_id": "acme", "name": name, "email": "a@b.example", "currency": "usd"}
    client.ask("PUT", f"/v1/accounts/{name}", fields, expect=201)
    return name


def move(client: Client, name: str) -> None:
    ask = client.ask
    ask("PUT", f"/v1/accounts/{name}/move", {"to_workspace_id": "south", "balance": "keep"})
    ask("DELETE", f"/v1/accounts/{name}/move")
    ask("PUT", f"/v1/accounts/{name}/move", {"to_workspace_id": "south", "balance": "settle"})
    ask("GET", f"/v1/accounts/{name}/move")
    assert ask("GET", "/v1/accounts/south/incoming-moves")["data"]
    accepted = ask("POST", f"/v1/accounts/south/incoming-moves/{name}", {"accept": True, "balance": "settle"})
    assert accepted["settlement"] == {"type": "debit", "amount": "3.50", "currency": "usd", "posted": True}


def test_moving_clients_and_settling_may_do_what_they_do(client: Client, account: str, guarded: Guarded) -> None:
    workspace = {"kind": "workspace", "name": "South", "email": "billing@south.example", "currency": "usd"}
    client.ask("PUT", "/v1/accounts/south", workspace, expect=201)
    credit = {"type": "credit", "amount": "3.50", "reason": "a test"}
    names = [make_client(client, f"acme.{name}") for name in ("opened", "ending")]
    month = month_of(now_ms())
    with use(guarded.deployment.environment):
        for name in names:
            open_new(Allowance(name, month, 2_000_000, now_ms()))
        row = AllowanceRow(names[1], month)
        row.update(actions=[AllowanceRow.state.set("ending"), AllowanceRow.unused_micros.set(0)])
    for name in names:
        client.ask("POST", f"/v1/accounts/{name}/adjustments", credit, expect=201)
        move(client, name)
    message = {"messageId": "1", "receiptHandle": "x", "body": json.dumps(event("moved", subject=names[0]))}
    assert guarded.call("record_usage", {"Records": [message]}) == {"batchItemFailures": []}
    assert guarded.call("settle_moves", scheduled()) == {"settled": 0, "failed": 0}
    with use(guarded.deployment.environment):
        moved = table.find(names[0])
        assert moved is not None
        unsettled = replace(moved, is_settled=False, answered_at_ms=moved.answered_at_ms - 120_000, version=9)
        assert table.write(unsettled, over=moved)
    assert guarded.call("settle_moves", scheduled()) == {"settled": 1, "failed": 0}
