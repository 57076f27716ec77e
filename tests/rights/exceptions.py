"""Rights that are granted although no test's function calls them, each with the reason. Short by intention."""

from collections.abc import Mapping
from typing import Final

from tests.rights.right import Right

NEVER_CALLED: Final[Mapping[Right, str]] = {}
