"""The Lambda function that writes accounts' logs, from the streams of all tables whose changes are logged.

It is here because the invitations are the portal's, and the pages of the log lie above `activity`.
"""

from collections.abc import Mapping
from typing import Final

from chalicelib.activity.sources import SOURCES, Source
from chalicelib.activity.write_log import write_log
from chalicelib.lambda_function import Context, PartialFailures, Records, lambda_function, partial_failures
from chalicelib.portal.invitation_changes import invitation_changes
from chalicelib.portal.invitation_table import read_image

ALL_SOURCES: Final[Mapping[str, Source]] = {
    **SOURCES,
    "invitations_table": Source("invitation", read_image, invitation_changes),
}


@lambda_function
def log_changes(event: Records, _context: Context | None) -> PartialFailures:
    """Write what changed, and who did it, into the logs of accounts."""
    return partial_failures(write_log(event["Records"], ALL_SOURCES))
