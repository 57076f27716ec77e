"""The filter of a command: the dead letters that it applies to. Pure."""

import msgspec

from ops.dead_letters.letter import Event, Letter

ALL: frozenset[str] = frozenset()
"""No condition: everything matches."""


class LetterFilter(msgspec.Struct, frozen=True):
    """Conditions on letters. A letter matches a condition by any of its values, and must match all conditions.

    An id is a message's or an event's.
    """

    reasons: frozenset[str] = ALL
    accounts: frozenset[str] = ALL
    sources: frozenset[str] = ALL
    ids: frozenset[str] = ALL
    except_ids: frozenset[str] = ALL

    @property
    def has_conditions(self) -> bool:
        """Tell whether there is any condition besides exceptions."""
        return bool(self.reasons or self.accounts or self.sources or self.ids)

    def matches_any(self, letter: Letter) -> bool:
        """Tell whether any event of a letter matches. It may be sent back: a repeat changes nothing."""
        return self._matches_letter(letter) and any(self._matches_event(letter, event) for event in letter.events)

    def matches_all(self, letter: Letter) -> bool:
        """Tell whether all events of a letter match. Only then may it be discarded."""
        return self._matches_letter(letter) and all(self._matches_event(letter, event) for event in letter.events)

    def _matches_letter(self, letter: Letter) -> bool:
        names = {letter.message_id, letter.letter_id, *(event.event_id for event in letter.events)}
        return (not self.reasons or letter.reason in self.reasons) and not names & self.except_ids

    def _matches_event(self, letter: Letter, event: Event) -> bool:
        return (
            (not self.accounts or event.account_id in self.accounts)
            and (not self.sources or event.source in self.sources)
            and (not self.ids or not self.ids.isdisjoint({letter.message_id, letter.letter_id, event.event_id}))
        )
