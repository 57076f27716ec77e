"""The refusals of connections. Pure."""

from chalicelib.connection.connection import Connection, Unconnected, Way
from chalicelib.errors import Busy, Refusal


class WorkspaceNotConnected(Refusal):
    """A client cannot pay: its workspace has no working connection. The client is not told why."""

    status = 409
    type = "workspace-not-connected"
    title = "The workspace takes no payments at the moment"

    def __init__(self, unconnected: Unconnected) -> None:
        name = unconnected.workspace_name
        detail = f"{name} cannot take payments at the moment, and nothing was charged; please contact {name}"
        if unconnected.for_workspace:
            detail = (
                f"clients of {unconnected.workspace_id} cannot pay: {unconnected.sentence} "
                f"See GET /v1/accounts/{unconnected.workspace_id}/stripe-connection"
            )
        super().__init__(detail, workspace_id=unconnected.workspace_id, workspace=name)


class AlreadyConnected(Refusal):
    """The workspace has a Stripe account connected; it is kept."""

    status = 409
    type = "already-connected"
    title = "A Stripe account is connected already"

    def __init__(self, connection: Connection) -> None:
        super().__init__(
            f"{connection.stripe_account_id} is connected; disconnect it first, then connect another one",
            stripe_account=connection.stripe_account_id,
        )


class ConnectedElsewhere(Refusal):
    """The Stripe account belongs to another workspace, which is not named."""

    status = 409
    type = "connected-elsewhere"
    title = "The Stripe account belongs to another workspace"

    def __init__(self, stripe_account_id: str) -> None:
        super().__init__(
            f"{stripe_account_id} is connected to another workspace; disconnect it there first, or connect another one",
            stripe_account=stripe_account_id,
        )


class WayNotOffered(Refusal):
    """A way of connecting that the operator has not set up."""

    status = 409
    type = "way-not-offered"
    title = "This way of connecting is not offered"

    def __init__(self, way: Way, offers: list[Way]) -> None:
        offered = f"choose {' or '.join(offers)}" if offers else "connections are not set up here"
        super().__init__(f"{way!r} is not offered: {offered}", offers=offers)


class ConnectionBusy(Busy):
    """Too many changes of one workspace's connection at once."""

    type = "connection-busy"
    title = "The connection is being changed by others"


class StateInvalid(Refusal):
    """The state of a callback was not made here, or it has expired."""

    status = 400
    type = "connection-state-invalid"
    title = "The link is not valid any more"


class StateUsed(Refusal):
    """The state of a callback was used before."""

    status = 409
    type = "connection-state-used"
    title = "The link was used already"


class OtherBrowser(Refusal):
    """The browser that comes back from Stripe is not the one that was sent there."""

    status = 403
    type = "connection-other-browser"
    title = "The connection was begun in another browser"


class ConnectionRefused(Refusal):
    """The person, or Stripe, said no to the connection."""

    status = 409
    type = "connection-refused"
    title = "The connection was not approved"


class CodeInvalid(Refusal):
    """Stripe does not take the code of the callback: it is used, expired or invented."""

    status = 409
    type = "connection-code-invalid"
    title = "Stripe does not take the code"


class ConnectionUnanswered(Refusal):
    """Stripe did not answer when the connection was to be finished; what it has done is of no use here."""

    status = 503
    type = "connection-unanswered"
    title = "Stripe did not answer"


class StripeAccountDisconnected(Refusal):
    """What is asked for needs a Stripe account that is not connected any more."""

    status = 409
    type = "stripe-account-disconnected"
    title = "The Stripe account is not connected any more"

    def __init__(self, stripe_account_id: str | None) -> None:
        super().__init__(
            f"the payment was made on {stripe_account_id}, which is not connected any more; connect it again, or "
            "refund it in Stripe's dashboard",
            stripe_account=stripe_account_id,
        )


class WrongConnectionMode(Refusal):
    """A Stripe account was connected in another mode than the one of the key here."""

    status = 409
    type = "connection-of-wrong-mode"
    title = "The connection is of another mode"

    def __init__(self, *, livemode: bool) -> None:
        given, wanted = ("live", "test") if livemode else ("test", "live")
        detail = f"the account was connected in {given} mode, and {wanted} mode is used here"
        super().__init__(detail, livemode=livemode)
