"""Clients: what a workspace does with those that it resells to.

It owns no table: the standing is on the account's row (`accounts`), usage by client is the ledger's. It promises that a
page of clients takes the same few calls however many clients there are, that archiving an account ends its recurring
charges, also if it is cut off and repeated, and that a client's own tokens get nothing here.

It never deletes an account.
"""
