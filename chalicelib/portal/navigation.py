"""Whose pages may show the portal."""

from chalicelib.settings import settings


def frame_origins() -> list[str]:
    """Return the origins whose pages may show the portal in a frame."""
    return (settings().portal_frame_origins or "").split()
