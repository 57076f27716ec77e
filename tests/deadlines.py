"""Deadlines that tests control."""

from chalicelib.clock import Deadline


class DeadlineAfter(Deadline):
    """A deadline that is over when it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        super().__init__(3600)
        self.looks = looks

    @property
    def is_over(self) -> bool:
        """Tell whether it was looked at often enough."""
        self.looks -= 1
        return self.looks < 0
