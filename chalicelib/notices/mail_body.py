"""Format a mail as plain text and as HTML. All content of a mail is escaped here, and only here. Pure."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from chalicelib.notices.mail import Mail

PAGE: Final = Path(__file__).with_name("mail.html")


def text_of(mail: Mail) -> str:
    """Write a mail as plain text."""
    facts = "\n".join(f"{label}{mail.colon}{value}" for label, value in mail.facts)
    actions = "\n".join(f"{action.label}{mail.colon}{action.url}" for action in mail.actions)
    signature = "\n".join(["-- ", *([mail.brand] if mail.brand else []), *mail.footer])
    return "\n\n".join(part for part in (*mail.paragraphs, facts, actions, signature) if part) + "\n"


def html_of(mail: Mail) -> str:
    """Write a mail as HTML that every mail program can show: tables, and a style on each element."""
    return _page().substitute(
        language=escape(mail.language),
        direction=mail.direction,
        brand=escape(mail.brand),
        subject=escape(mail.subject),
        paragraphs="\n".join(f'<p class="text" style="margin:0 0 16px">{escape(each)}</p>' for each in mail.paragraphs),
        facts="\n".join(_fact(*each, mail.direction) for each in mail.facts),
        actions="\n".join(_button(each.label, each.url) for each in mail.actions),
        footer="<br>".join(map(escape, mail.footer)),
    )


@cache
def _page() -> Template:
    return Template(PAGE.read_text(encoding="utf-8"))


def _fact(label: str, value: str, direction: str) -> str:
    start, end = ("right", "left") if direction == "rtl" else ("left", "right")
    cell = "padding:8px 0;border-top:1px solid #e2e5ea;vertical-align:top"
    # A long label must not squeeze its value to a letter a line, nor be cut within a word itself.
    width = f"width:45%;padding-{end}:16px;overflow-wrap:break-word"
    name = f"{cell};{width};text-align:{start};font-weight:normal;color:#5b6472"
    return (
        f'<tr><th scope="row" class="label line" style="{name}">{escape(label)}</th>'
        f'<td dir="auto" class="text line" style="{cell};text-align:{end}">{escape(value)}</td></tr>'
    )


def _button(label: str, url: str) -> str:
    style = "display:inline-block;padding:12px 24px;border-radius:6px;background:#1f4fd8;color:#ffffff"
    return (
        f'<p style="margin:0 0 16px"><a href="{escape(url)}" style="{style};font-weight:600;text-decoration:none">'
        f"{escape(label)}</a></p>"
    )
