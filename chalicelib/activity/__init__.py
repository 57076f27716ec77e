"""An account's own log: what changed in its settings, when, and who did it.

Entries are made of the streams of the tables (`portal.handlers.log_changes`), so no change is made without one, and no
request waits for it. Each table has one pure rule (`<table>_changes.py`) that says what a change of a row is to a
person: fields and values in the API's own words, never a secret, a token or an internal counter. An entry is written
once, however often its record is delivered, and never changes.

What moves money is not here: the ledger and the payments are its log.
"""
