"""`/v1/payment_intents/search`: a small part of Stripe's query language, and its lag.

https://docs.stripe.com/search: what was just written may not be found yet. A list has no lag.
"""

from __future__ import annotations

import re

from local.stripe_emulator.errors import Json, malformed
from local.stripe_emulator.events import shown
from local.stripe_emulator.listing import page_size
from local.stripe_emulator.work import Work

CLAUSE = re.compile(r"""(-?)(\w+)(?:\[["']([^"']+)["']\])?\s*(:|=|>|<|>=|<=)\s*(?:["']([^"']*)["']|(\w+))""")
FIELDS = ("amount", "created", "currency", "customer", "status")


def search(work: Work, params: Json) -> Json:
    """Find payment intents by `metadata['key']:'value'` and plain fields, joined by AND."""
    clauses = [_clause(text.strip()) for text in re.split(r"\s+AND\s+", params["query"], flags=re.IGNORECASE)]

    def matches(intent: Json) -> bool:
        indexed = work.time - intent["_touched"] >= work.around.search_lag_seconds
        return indexed and all(_holds(intent, clause) for clause in clauses)

    found = [shown(intent) for intent in work.all("payment_intent", matches)]
    start = int(params.get("page", "0"))
    end = start + page_size(params)
    more = len(found) > end
    answer: Json = {"object": "search_result", "url": "/v1/payment_intents/search", "has_more": more}
    return answer | {"data": found[start:end], "next_page": str(end) if more else None}


def _clause(text: str) -> tuple[str | None, ...]:
    match = CLAUSE.fullmatch(text)
    if match is None or not (match[2] in FIELDS or (match[2] == "metadata" and match[3])):
        raise malformed(f"We were unable to parse your search query: {text}", param="query")
    return match.groups()


def _holds(intent: Json, clause: tuple[str | None, ...]) -> bool:
    negated, name, key, operator, quoted, bare = clause
    value = intent["metadata"].get(key) if name == "metadata" else intent[str(name)]
    wanted = quoted if quoted is not None else bare
    return _compare(value, str(operator), str(wanted)) != (negated == "-")


def _compare(value: object, operator: str, wanted: str) -> bool:
    if operator in (":", "="):
        return value is not None and str(value) == wanted
    if not isinstance(value, int) or not wanted.isdigit():
        return False
    number = int(wanted)
    return {">": value > number, "<": value < number, ">=": value >= number, "<=": value <= number}[operator]
