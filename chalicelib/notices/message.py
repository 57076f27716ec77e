"""The text of one mail. Pure."""

import msgspec


class Message(msgspec.Struct, frozen=True):
    """The text of one mail. `action` is the label of the link to the portal."""

    subject: str
    paragraphs: list[str]
    action: str
