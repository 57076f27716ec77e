"""The part of docs/events.md that follows from the types: `python -m tests.notices.event_docs` writes it anew."""

import json
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.notices.detail import DETAILS
from chalicelib.notices.meanings import MEANINGS

FILE = Path(__file__).resolve().parents[2] / "docs" / "events.md"
BEGIN, END = "<!-- from the types -->\n", "<!-- until here -->\n"


def schema(detail: Any) -> dict[str, Any]:
    """Return the JSON Schema of a detail, complete in itself."""
    (reference,), definitions = msgspec.json.schema_components([detail], ref_template="#/$defs/{name}")
    own = reference["$ref"].rpartition("/")[2]
    for each in definitions.values():
        each["description"] = cleandoc(each["description"])
    root = definitions.pop(own)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": definitions}


def section() -> str:
    """Return the table of types and the schemas, as Markdown."""
    lines = ["| detail-type | told when | detail |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {MEANINGS[name]} | [{each.__name__}](#{_anchor(each)}) |" for name, each in DETAILS.items()
    ]
    for detail in dict.fromkeys(DETAILS.values()):
        written = json.dumps(schema(detail), indent=2, ensure_ascii=False)
        lines += ["", f"### {detail.__name__}", "", "```json", written, "```"]
    return "\n".join(lines) + "\n"


def written(text: str) -> str:
    """Return the document with its generated part made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + section() + END + rest.partition(END)[2]


def _anchor(detail: Any) -> str:
    return str(detail.__name__).lower()


if __name__ == "__main__":
    FILE.write_text(written(FILE.read_text()))
