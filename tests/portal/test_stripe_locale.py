"""Stripe's fields speak the language of the page."""

import pytest
from babel import Locale

from chalicelib.i18n.language import languages
from chalicelib.portal.stripe_locale import LOCALES, stripe_locale


@pytest.mark.parametrize(
    ("locale", "stripes"),
    [
        ("en", "en"),
        ("en_US", "en"),
        ("en_GB", "en-GB"),
        ("de_AT", "de"),
        ("fr_CA", "fr-CA"),
        ("fr_BE", "fr"),
        ("pt_BR", "pt-BR"),
        ("pt_PT", "pt"),
        ("es_MX", "es-419"),
        ("es_ES", "es"),
        ("zh_Hant", "zh-TW"),
        ("zh_Hant_HK", "zh-HK"),
        ("zh_Hans_CN", "zh"),
        ("ar_SA", "ar"),
        ("nn_NO", "nb"),
        ("sw_KE", "auto"),
    ],
)
def test_a_locale_has_stripes_name(locale: str, stripes: str) -> None:
    assert stripe_locale(Locale.parse(locale)) == stripes


def test_stripe_has_every_language_of_the_portal() -> None:
    assert {stripe_locale(Locale.parse(language)) for language in languages("portal")} <= LOCALES
