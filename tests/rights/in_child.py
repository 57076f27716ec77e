"""Imported by `local.child` in each process that a run of the tests starts."""

from tests.rights import recorder

recorder.install()
