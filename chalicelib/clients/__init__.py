"""Clients: what a workspace does with those that it resells to.

It owns no table: the standing is on the account's row (`accounts`), prices are in `pricing`'s table, usage by client is
the ledger's. It promises that a page of clients takes the same few calls however many clients there are, that archiving
an account ends its recurring charges, also if it is cut off and repeated, that a change of prices never affects what
was used before it takes effect, and that a client's own tokens get nothing here but the client's own recurring charges.

It never deletes an account.
"""
