"""Journeys through the deployed system: in the browser, over HTTP, by queues, streams and schedules."""

import json
import time
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from tests.deployed.world import DeployedSystem
from tests.local.fakes import counts
from tests.portal.adding import add, assert_paid_once
from tests.portal.people import People
from tests.portal.site import Site
from tests.wait import wait_for

pytestmark = [pytest.mark.deployed, pytest.mark.system]
PATIENCE = 180
"""Seconds that a chain of functions may take, each of which starts a process of its own."""


def usage(account: str, number: int, quantity: str = "1") -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"{account}-{number}",
            "source": "/messaging",
            "type": "sms",
            "subject": account,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "data": {"quantity": quantity},
        }
    )


def send(system: DeployedSystem, body: str) -> None:
    system.aws.client("sqs").send_message(QueueUrl=system.usage_queue_url, MessageBody=body)


def ask(site: Site, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{site.url}{path}", json=body, headers=site.operator, timeout=PATIENCE)
    assert answer.ok, answer.text
    return answer.json()


def test_each_function_has_the_environment_that_the_template_gives_it(system: DeployedSystem) -> None:
    template = json.loads(system.package.template.read_text())
    shared = set(template["Globals"]["Function"]["Environment"]["Variables"])
    functions = {
        name: each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
    }
    assert len(functions) > 20
    for name, properties in functions.items():
        own = set(properties.get("Environment", {}).get("Variables", {}))
        configuration = system.configuration(name)
        assert set(configuration["Environment"]["Variables"]) == shared | own, name
        assert configuration["Version"] != "$LATEST"


def test_balance_is_added_in_the_browser_and_the_stream_issues_the_invoice(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance")
    add(page)
    expect(page.get_by_text("Your balance is now $25.00")).to_be_visible(timeout=PATIENCE * 1000)
    assert_paid_once(site, account)
    wait_for(lambda: ask(site, "GET", f"/v1/accounts/{account}/invoices")["data"], PATIENCE)
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Invoice").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert people.complaints == []


def test_usage_is_posted_from_the_queue_and_what_is_no_event_waits_for_a_person(
    system: DeployedSystem, site: Site
) -> None:
    account = site.account()
    dead_letters = system.outputs["UsageDeadLetterQueueUrl"]
    before, _ = counts(system.aws, dead_letters)
    for body in (usage(account, 1), "not an event", usage(account, 1)):
        send(system, body)
    wait_for(lambda: counts(system.aws, dead_letters)[0] == before + 1, PATIENCE)
    wait_for(lambda: counts(system.aws, system.usage_queue_url) == (0, 0), PATIENCE)
    assert ask(site, "GET", f"/v1/accounts/{account}/access")["available"] == "-0.05"


def test_a_stream_refills_the_wallet_that_usage_has_emptied(system: DeployedSystem, site: Site) -> None:
    account = site.account(balance="10.02")
    setting = {"enabled": True, "threshold": "10.00", "amount": "20.00"}
    ask(site, "PUT", f"/v1/accounts/{account}/auto-pay", setting)
    send(system, usage(account, 1))
    wait_for(lambda: site.balance(account) == 29_970_000, PATIENCE)
    assert len(site.charges(account)) == 1


def test_every_schedule_calls_the_live_version_of_a_function_that_works(system: DeployedSystem, site: Site) -> None:
    events, functions = system.aws.client("events"), system.aws.client("lambda")
    fired = 0
    for rule in events.list_rules()["Rules"]:
        if "ScheduleExpression" not in rule:
            continue
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            assert target["Arn"].endswith(":live"), target
            event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
            answer = functions.invoke(FunctionName=target["Arn"], Payload=json.dumps(event).encode())
            assert "FunctionError" not in answer, (rule["Name"], answer["Payload"].read())
            fired += 1
    assert fired >= 8


def test_a_release_is_rolled_back_and_the_next_deployment_goes_forward(system: DeployedSystem, site: Site) -> None:
    before = system.configuration("APIHandler")
    assert "no updates" in system.deploy()
    system.deploy(PortalFrameOrigins="https://app.example.com")
    after = system.configuration("APIHandler")
    assert after["Environment"]["Variables"]["PORTAL_FRAME_ORIGINS"] == "https://app.example.com"
    system.command("rollback", "dev", "--yes")
    assert system.configuration("APIHandler")["Version"] == before["Version"]
    assert system.configuration("APIHandler")["Environment"] == before["Environment"]
    assert requests.get(f"{site.url}/health", timeout=PATIENCE).ok
    assert "go forward" in system.deploy()
    assert system.configuration("APIHandler")["Version"] == after["Version"]
