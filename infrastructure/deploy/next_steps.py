"""What is left to do after a deployment."""

from infrastructure.deploy.console import out
from infrastructure.deploy.stacks import Stack
from infrastructure.deploy.stages import Stage


def show_next_steps(stage: Stage, stack: Stack) -> None:
    """Show where the API is, what is missing, and the commands that follow."""
    address = stack.parameters.get("PortalBaseUrl", "")
    out.print(f"\nThe API and the portal: {address}  (try: curl {address}/health)")
    if not stack.parameters.get("AlarmTopicArn") and not stack.parameters.get("AlarmEmail"):
        out.print('[yellow]Alarms tell nobody[/]: deploy with SET="AlarmEmail=ops@example.com"')
    elif not stack.parameters.get("AlarmTopicArn"):
        out.print("Alarms are mailed once the address has confirmed the mail from AWS (docs/operating/alarms.md)")
    if not stack.parameters.get("MailFrom"):
        out.print(
            '[yellow]No mails are sent[/]: deploy with SET="MailFrom=billing@example.com MailIdentity=example.com"'
        )
    out.print(
        f"Webhooks at Stripe: python -m ops --stack {stack.name} stripe setup   (docs/operating/stripe.md)\n"
        f"Operate it: python -m ops --stack {stack.name} --help\n"
        f"Roll it back: make rollback STAGE={stage.name}"
    )
