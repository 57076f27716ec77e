"""Why a mail that somebody asks for is not sent."""

from chalicelib.errors import Refusal


class MailsOff(Refusal):
    """No address to send mails from is configured."""

    status = 409
    type = "mails-off"
    title = "No mails are sent here"

    def __init__(self) -> None:
        super().__init__("MAIL_FROM is not set, so this system sends no mails; the operator sets it")


class AddressUnusable(Refusal):
    """No mail reaches the account's address, which was stored before the rule that refuses such addresses."""

    status = 409
    type = "address-unusable"
    title = "No mail reaches this account"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            "no mail reaches the account's e-mail address; change it, and ask again", account_id=account_id
        )
