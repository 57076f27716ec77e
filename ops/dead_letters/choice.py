"""Which letters a command is about. Pure."""

import msgspec

from ops.dead_letters.letter import Event, Letter

ALL: frozenset[str] = frozenset()
"""Where nothing is named, everything is chosen."""


class Choice(msgspec.Struct, frozen=True):
    """The letters that an operator has named; each condition holds for any of its values, and all conditions hold.

    An id, to choose or to leave out by, is a message's or an event's.
    """

    reasons: frozenset[str] = ALL
    accounts: frozenset[str] = ALL
    sources: frozenset[str] = ALL
    ids: frozenset[str] = ALL
    except_ids: frozenset[str] = ALL

    @property
    def names_any(self) -> bool:
        """Tell whether anything narrows it down but exceptions."""
        return bool(self.reasons or self.accounts or self.sources or self.ids)

    def touches(self, letter: Letter) -> bool:
        """Tell whether a letter holds an event that is chosen: it may be sent back, since a repeat costs nothing."""
        return self._admits(letter) and any(self._chooses(letter, event) for event in letter.events)

    def covers(self, letter: Letter) -> bool:
        """Tell whether all of a letter's events are chosen: only then may it be discarded."""
        return self._admits(letter) and all(self._chooses(letter, event) for event in letter.events)

    def _admits(self, letter: Letter) -> bool:
        names = {letter.message_id, letter.letter_id, *(event.event_id for event in letter.events)}
        return (not self.reasons or letter.reason in self.reasons) and not names & self.except_ids

    def _chooses(self, letter: Letter, event: Event) -> bool:
        return (
            (not self.accounts or event.account_id in self.accounts)
            and (not self.sources or event.source in self.sources)
            and (not self.ids or not self.ids.isdisjoint({letter.message_id, letter.letter_id, event.event_id}))
        )
