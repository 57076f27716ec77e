"""What the documents name is there: files, headings, commands, routes, settings, queues, and the numbers of tries."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from babel import Locale

from chalicelib import api, http_input, openapi
from chalicelib.audit import audit_account, audit_usage, repeats
from chalicelib.clients import change_rebilling
from chalicelib.history import transaction_csv
from chalicelib.i18n.language import FOLDER, Surface, languages
from chalicelib.invoices import issue_missing
from chalicelib.invoices import routes as invoice_routes
from chalicelib.notices import table as notices
from chalicelib.payments import table as payments
from chalicelib.payments.payment import DAY_MS
from chalicelib.portal import session
from chalicelib.recovery import sweep
from chalicelib.stripe_api import client as stripe_client
from chalicelib.usage import accept, event, json_nesting
from chalicelib.usage import routes as usage_routes
from ops.__main__ import ops

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = sorted((ROOT / "chalicelib").rglob("*/__init__.py"))
READMES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "local/stripe_emulator/README.md", "tests/README.md")
DOCUMENTS = [*(ROOT / each for each in READMES), *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in DOCUMENTS}
TEMPLATE = json.loads((ROOT / "infrastructure/resources.json").read_text())

ELSEWHERE = frozenset(
    "EndpointURL cryptography awscli recommended resend ReturnValuesOnConditionCheckFailure Z_HUFFMAN_ONLY".split()
)
"""Names in the documents that are not this project's."""

EXAMPLES = frozenset({"pm_card_NAME", "tok_NAME", "zh_Hant_TW", "ROLE"})
"""Names that stand for others."""

SOURCES = {".py", ".toml", ".json", ".html", ".js", ".css"}
COUNTS = {"five": 5, "ten": 10}
TRIES = [
    ("docs/decisions/0003-good-usage-is-never-held-up.md", r"after (\w+) deliveries SQS puts", "UsageQueue"),
    ("docs/invoices.md", r"cannot issue in (\w+) deliveries", "InvoicesQueue"),
    ("docs/invoices.md", r"comes again (\w+) times", "IssueCreditNotes"),
    ("docs/mails.md", r"SES refused (\w+) times", "MailsQueue"),
    ("docs/auto-pay.md", r"charges queue that met a bug or a `PaymentMismatch` (\w+) times", "ChargesQueue"),
    ("docs/auto-pay.md", r"can be read comes back (\w+) times", "RefillWallets"),
    ("docs/subscriptions.md", r"renewals queue that met a bug (\w+) times", "RenewalsQueue"),
    ("docs/reliability.md", r"its record comes back, (\w+) times", "FollowCards"),
]
"""Where a document says how often something is tried, and what decides on it."""

FIGURES = [
    ("docs/api.md", "A body has at most {} KB", http_input.BODY_BYTES // 1024),
    ("docs/api.md", "`PUT .../brand` {} KB", invoice_routes.BODY_BYTES // 1024),
    ("docs/api.md", "`POST /v1/usage` and of the webhooks {} MB", usage_routes.BODY_BYTES // 1024**2),
    ("docs/api.md", "| up to {} usage events", accept.MAXIMUM_EVENTS),
    ("docs/api.md", "`data.parts`, 1 to {} of them", event.MAXIMUM_PARTS),
    ("docs/api.md", "| {} entries, keys of", event.MAXIMUM_METADATA),
    ("docs/api.md", "({:,} bytes), ", event.MAXIMUM_BYTES),
    ("docs/api.md", "bytes), {} levels of nesting", json_nesting.MAXIMUM_DEPTH),
    ("docs/api.md", "An answer has up to {:,} rows", transaction_csv.MAXIMUM_ROWS),
    ("docs/auto-pay.md", "Payments of\n  {} days are read", payments.REVERSIBLE_FOR_MS // DAY_MS),
    ("docs/decisions/0004-auto-pay-looks-again.md", "the last {} days,", payments.UNRESOLVED_FOR_MS // DAY_MS),
    ("docs/decisions/0007-audit-of-repeats.md", "in chunks of {:,} transactions", audit_account.CHUNK),
    ("docs/decisions/0007-audit-of-repeats.md", "after {} of\n  its", audit_usage.BUDGET_SECONDS),
    ("docs/invoices.md", "what the newest {} payments lack", issue_missing.RECENT),
    ("docs/mails.md", "the claim has lapsed ({} seconds)", notices.LEASE_MS // 1000),
    ("docs/mails.md", "Marks are kept for {} days", notices.KEPT_SECONDS // 86_400),
    ("docs/operating.md", "all new usage with the {} days before", repeats.WINDOW_DAYS),
    ("docs/payments.md", "A run takes up to {} of each", sweep.PER_SHARD),
    ("docs/payments.md", "further one after {} seconds", sweep.BUDGET_SECONDS),
    ("docs/payments.md", "moves money gets {} seconds", stripe_client.CHARGE_SECONDS),
    ("docs/rebilling.md", "At most {:,} clients", change_rebilling.MOST_CLIENTS),
    ("docs/portal.md", "within **{} minutes**", session.LINK_MS // 60_000),
    ("docs/portal.md", "{} hours after it began", session.LONGEST_MS // 3_600_000),
]
"""Where a document says a number that the code decides."""

each_document = pytest.mark.parametrize("name", TEXTS)


def ticked(text: str) -> list[str]:
    """Return what stands between back-ticks."""
    return re.findall(r"`([^`\n]+)`", text)


@cache
def code() -> str:
    """Return the names and texts of all files that are no documents."""
    folders = ("chalicelib", "infrastructure", "ops", "local", "benchmarks", "tests", ".chalice")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*") if path.suffix in SOURCES]
    more = [ROOT / each for each in ("app.py", "Makefile", "pyproject.toml")]
    return "\n".join(f"{path.name}\n{path.read_text()}" for path in [*files, *more] if path != Path(__file__))


@cache
def file_names() -> set[str]:
    """Return the names of all files, for a document that names one without its folder."""
    folders = ("chalicelib", "docs", "infrastructure", "ops", "local", "benchmarks", "tests")
    return {
        path.name for path in [*ROOT.iterdir(), *(each for folder in folders for each in (ROOT / folder).rglob("*"))]
    }


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_document
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", TEXTS[name]):
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), f"{target}#{anchor}"


@each_document
def test_every_name_in_code_is_in_the_code(name: str) -> None:
    words = {word for each in ticked(TEXTS[name]) for word in re.findall(r"[A-Za-z_]\w{3,}", each)}
    assert {word for word in words - ELSEWHERE - EXAMPLES if word not in code()} == set()


@each_document
def test_every_file_that_is_named_is_there(name: str) -> None:
    bases = (ROOT, ROOT / "chalicelib", ROOT / name, (ROOT / name).parent)
    for each in ticked(TEXTS[name]):
        if re.fullmatch(r"[\w.-]+/[\w./-]*\.(py|md|json|toml|log)|(chalicelib|docs|tests|infrastructure)/[\w/]*", each):
            assert any((base / each).exists() for base in bases), each
        if re.fullmatch(r"\w+\.(py|toml|js|po)", each):
            assert each in file_names(), each


@pytest.mark.parametrize("package_file", PACKAGES, ids=lambda path: path.parent.name)
def test_a_package_lists_what_is_in_it(package_file: Path) -> None:
    for each in re.findall(r"^- `(\w+)`", package_file.read_text(), re.MULTILINE):
        assert (package_file.parent / f"{each}.py").exists() or (package_file.parent / each).is_dir(), each


@each_document
def test_every_make_target_is_there(name: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {
        word for pair in re.findall(r"^make (\w+)|`make (\w+)", TEXTS[name], re.MULTILINE) for word in pair if word
    }
    assert named <= set(targets)


def commands(text: str) -> list[list[str]]:
    """Return the command lines of `ops` in a document, as words."""
    lines = re.findall(r"(?:^|`)(?:ops|python -m ops(?: --stack [\w-]+)?) ([a-z][^`\n#>]*)", text, re.MULTILINE)
    return [line.replace("[", "").replace("]", "").split() for line in lines]


@each_document
def test_every_command_of_the_operator_is_there_with_its_options(name: str) -> None:
    for line in commands(TEXTS[name]):
        command: click.Command = ops
        words = list(line)
        while words and isinstance(command, click.Group):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def operations() -> set[tuple[str, str]]:
    """Return what the API does: methods and paths, without names in them."""
    paths: dict[str, Any] = openapi.describe(api.BLUEPRINTS, "1", {})["paths"]
    return {(method.upper(), nameless(path)) for path, methods in paths.items() for method in methods}


def nameless(path: str) -> str:
    """Return a path without its query, and without what stands for names in it. A PDF is had as its document is."""
    return re.sub(r"\{\w+\}", "{}", path.partition("?")[0]).removesuffix(".pdf")


def rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a table of routes names. `/x` and `.../x` go on behind the first path of their row."""
    for row in re.findall(r"^\| (`(?:GET|PUT|POST|DELETE)\b.*?) \|", text, re.MULTILINE):
        base, methods = "", []
        for each in ticked(row):
            method, path = re.fullmatch(r"(GET|PUT|POST|DELETE|) ?(\S*)", each).groups()  # type: ignore[union-attr]
            methods += [method] if method else []
            if path:
                whole = path.startswith(("/v1", "/webhooks", "/health", "/openapi"))
                base = path if whole else base
                found = path if whole else base + path.removeprefix("...")
                yield from ((one, nameless(found)) for one in methods or ["GET"])
                methods = []


def test_the_table_of_routes_is_that_of_the_api() -> None:
    _, _, text = TEXTS["docs/api.md"].partition("## Routes")
    assert set(rows(text)) == operations()


@each_document
def test_every_route_in_a_table_is_there(name: str) -> None:
    assert {each for each in rows(TEXTS[name]) if each[1].startswith("/v1")} <= operations()


@each_document
def test_every_path_that_is_named_is_a_route(name: str) -> None:
    patterns = [re.compile(re.escape(path).replace(r"\{\}", "[^/]+")) for _, path in operations()]
    named = re.findall(
        r"(?:\$URL|billing\.example\.com|(?:GET|PUT|POST|DELETE) )(/(?:v1|webhooks)/[^\s`\"?)]+)", TEXTS[name]
    )
    for path in named:
        assert any(pattern.fullmatch(nameless(path)) for pattern in patterns), path


@pytest.mark.parametrize(("name", "said", "decides"), TRIES)
def test_a_number_of_tries_is_that_of_the_resources(name: str, said: str, decides: str) -> None:
    found = re.search(said, TEXTS[name])
    assert found, said
    assert COUNTS[found[1]] == tries(TEMPLATE["Resources"][decides]["Properties"])


def tries(properties: dict[str, Any]) -> int:
    """Return how often a queue delivers, or a function's stream."""
    if "RedrivePolicy" in properties:
        count = properties["RedrivePolicy"]["maxReceiveCount"]
        return int(TEMPLATE["Parameters"][count["Ref"]]["Default"] if isinstance(count, dict) else count)
    (source,) = properties["Events"].values()
    return int(source["Properties"]["MaximumRetryAttempts"])


@pytest.mark.parametrize(("name", "said", "figure"), FIGURES)
def test_a_figure_is_that_of_the_code(name: str, said: str, figure: int) -> None:
    assert said.format(figure) in TEXTS[name]


def test_every_parameter_that_is_named_is_one_of_the_template() -> None:
    rows = re.findall(r"^\| `([A-Z]\w+)` \|", TEXTS["docs/mails.md"], re.MULTILINE)
    pages = "".join(text for name, text in TEXTS.items() if name.startswith("docs/operating"))
    given = re.findall(r"([A-Z]\w+)=", "".join(re.findall(r"(?:SET=|--set )(.+)", pages)))
    assert rows
    assert given
    assert {*rows, *given} <= set(TEMPLATE["Parameters"])


ALARMS = [
    str(resource["Properties"]["AlarmDescription"]["Fn::Sub"])
    for resource in TEMPLATE["Resources"].values()
    if resource.get("Type") == "AWS::CloudWatch::Alarm"
]


@pytest.mark.parametrize("name", TEXTS)
def test_an_alarm_that_a_document_explains_is_deployed_in_the_same_words(name: str) -> None:
    explained = [each.strip() for each in re.findall(r"\| alarm: ([^|(;]+)", TEXTS[name])]
    assert [each for each in explained if not any(each in alarm for alarm in ALARMS)] == []


def test_the_table_of_languages_is_that_of_their_folders() -> None:
    rows = re.findall(r"^\| ([A-Z][\w, ()]+) \|((?: [\w ]+ \|){4})$", TEXTS["docs/languages.md"], re.MULTILINE)
    listed = {name: cells.split(" |")[:4] for names, cells in rows for name in names.split(", ")}
    folders = {Locale.parse(code).english_name for code in (path.name for path in FOLDER.iterdir() if path.is_dir())}
    assert listed.keys() == {"English", *folders}
    for place, surface in enumerate(get_args(Surface)):
        speaking = {Locale.parse(code).english_name for code in languages(surface)}
        assert {name for name, cells in listed.items() if cells[place].strip() == "yes"} == speaking
