"""SES in the emulator of AWS: like SES itself, it sends only from a verified sender."""

from local.resources import client

DOMAIN = "example.com"
"""The domain that mails are sent from on this machine: see `SHORT_TIMES`."""


def open_mailbox(endpoint: str) -> None:
    """Verify the sender's domain, and leave the sandbox in which SES sends to verified addresses only."""
    ses = client("sesv2", endpoint)
    try:
        ses.create_email_identity(EmailIdentity=DOMAIN)
    except ses.exceptions.AlreadyExistsException:
        return
    ses.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL=f"https://{DOMAIN}", UseCaseDescription="", ProductionAccessEnabled=True
    )
