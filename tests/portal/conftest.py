"""One running system and one browser for all of the portal's tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from local.system import System
from tests.browser import launched
from tests.environment import use
from tests.portal.people import People
from tests.portal.site import Site


@pytest.fixture(scope="package")
def system(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture(scope="package")
def browser(processes: None) -> Iterator[Browser]:
    with launched() as started:
        yield started


@pytest.fixture(scope="package")
def site(system: System) -> Iterator[Site]:
    """Return the running system, with the settings pointing at it, so that a test can call verbs itself."""
    with use(system.environment):
        yield Site(system)


@pytest.fixture
def people(site: Site, browser: Browser) -> Iterator[People]:
    """Let people open the portal, each with a browser of their own."""
    coming = People(site, browser)
    yield coming
    coming.leave()


@pytest.fixture
def account(site: Site) -> str:
    return site.account(balance="40")
