"""Who did something, as a person reads it."""

import re

import pytest

from chalicelib.accounts.actor import ShownName
from chalicelib.portal.actor_name import BY_ITSELF, actor_name
from chalicelib.portal.page_templates import TEMPLATES
from chalicelib.portal.words import Words
from chalicelib.system_names import NAMES_OF_THE_SYSTEM

RAW = re.compile(r"{{ *[\w.]*(?:actor|_by|set_by) *}}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kim@acme.example", "You"),
        ("lee@acme.example", "lee@acme.example"),
        ("acme/lee", "acme/lee"),
        ("Example Platform, Inc.", "Example Platform, Inc."),
        ("operator", "Support"),
        ("operator:operator", "Support"),
        ("owner:acme", "Account owner"),
        ("owner:acme.bob", "Account owner (acme.bob)"),
        ("owner:stripe", "Account owner (stripe)"),
        ("auto-pay", "Auto-Pay"),
        ("renewal", "Automatic renewal"),
        ("unneeded-payment", "Automatic refund"),
        ("archiving", "Account closure"),
        ("stripe", "Stripe"),
    ],
)
def test_a_person_reads_who_did_it_and_no_names_of_the_system(name: str, said: str) -> None:
    assert actor_name(Words("en"), ShownName(name), subject="kim@acme.example", account_id="acme") == said


def test_who_has_no_name_is_not_told_that_they_did_what_another_did() -> None:
    assert actor_name(Words("en"), ShownName("owner:acme"), subject=None, account_id="acme") == "Account owner"


def test_no_person_can_have_the_name_of_what_happens_by_itself() -> None:
    assert set(BY_ITSELF) <= NAMES_OF_THE_SYSTEM


def test_no_page_writes_a_name_as_it_is_stored() -> None:
    assert [path.name for path in TEMPLATES.glob("*.html") if RAW.search(path.read_text())] == []
