"""The stages in an AWS account: deploy, roll back, adopt what an earlier stack left, destroy a test stage.

Everything that changes something shows first what it will do, and asks. Nothing here keeps state on this machine: the
parameters are those of the stack, archives and releases are in the account's bucket for code.
"""
