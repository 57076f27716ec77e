"""What is on the paper, read out of the PDF as its readers do."""

import os
import re
import subprocess
import sys
from io import BytesIO
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image
from pypdf import PdfReader
from pypdfium2 import PdfDocument

from chalicelib.accounts.account import BillingDetails
from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.invoice import Invoice, Line, Party, Period, TaxLine, buyer_of, one_line
from chalicelib.invoices.pdf.document import draw
from chalicelib.invoices.pdf.layout import A4, INK, LETTER, page_for, readable
from chalicelib.invoices.words import Words
from chalicelib.money import MICROS, THREE_DECIMAL, ZERO_DECIMAL
from tests.depth import some
from tests.invoices.documents import AT_MS, BUYER, SELLER, account, arabic, invoice, many_lines, note, yen
from tests.invoices.examples import EXAMPLES

DIGESTS = """
from hashlib import sha256
from chalicelib.invoices.pdf.document import draw
from tests.invoices.examples import EXAMPLES
print(*[sha256(draw(make(), None)).hexdigest() for make in EXAMPLES.values()])
"""


def pages(drawn: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(drawn)).pages]


def root_of(reader: PdfReader) -> Any:
    return reader.trailer["/Root"]


def text_of(document: Invoice) -> str:
    """Return what two readers find, which order names read from the right in their own ways."""
    drawn = draw(document, None)
    found = [page.get_textpage().get_text_range() for page in PdfDocument(drawn)]
    return "\n".join([*pages(drawn), *found])


def test_an_invoice_says_all_that_its_reader_needs() -> None:
    text = text_of(invoice())
    for part in (
        *("Invoice", "ACME-000042", "September 21, 2026", "$25.00 paid on September 21, 2026", "PAID"),
        *("Example Platform, Inc.", "500 Market Street, Suite 1200", "United States", "billing@example.com"),
        *("Acme Agency LLC", "12 Harbour Road", "Tax ID: 98-7654321", "billing@acme.example"),
        *("Wallet top-up", "25.00", "Amount (USD)", "Total", "Balance due", "$0.00"),
        *("Visa ending in 4242", "pay_01a0c3b1f80000112233445566778899"),
        *("pi_3Q2w3E4r5T6y7U8i9O0p1A2s", "ch_3Q2w3E4r5T6y7U8i9O0p1A2s", "1 / 1", "All dates are in UTC."),
    ):
        assert part in text, part


def test_the_document_has_a_title_a_language_an_author_and_its_own_date() -> None:
    reader = PdfReader(BytesIO(draw(invoice(), None)))
    assert reader.metadata
    assert reader.metadata.title == "Invoice ACME-000042 \u2013 Example Platform, Inc."
    assert reader.metadata.author == "Example Platform, Inc."
    assert reader.metadata.creation_date_raw == "D:20260921141420+00'00'"
    root = root_of(reader)
    assert (root["/Lang"], root["/ViewerPreferences"]["/DisplayDocTitle"]) == ("en", True)
    assert root_of(PdfReader(BytesIO(draw(yen(), None))))["/Lang"] == "ja"


def test_every_font_is_embedded_with_the_text_that_it_stands_for() -> None:
    for make in EXAMPLES.values():
        for page in PdfReader(BytesIO(draw(make(), None))).pages:
            resources: Any = page["/Resources"]
            for font in resources["/Font"].values():
                assert "/ToUnicode" in font.get_object()
                descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
                assert {"/FontFile2", "/FontFile3"} & set(descriptor.get_object())


@pytest.mark.usefixtures("processes")
def test_the_same_invoice_has_the_same_bytes_in_every_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", DIGESTS],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0].split())) == len(EXAMPLES)


@pytest.mark.usefixtures("processes")
def test_nothing_that_only_draws_is_loaded_with_the_app() -> None:
    heavy = ("reportlab", "babel", "uharfbuzz", "PIL", "manimgx_fonts", "noto_cjk_sans_otc")
    code = f"import sys, app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_hundred_lines_take_pages_with_headings_and_numbers() -> None:
    found = pages(draw(invoice(lines=many_lines(200)), None))
    assert len(found) == 8
    for number, text in enumerate(found, 1):
        assert f"{number} / {len(found)}" in text
        assert "Invoice ACME-000042" in text or number == 1
        assert "Unit price" in text or "Total" in text
    joined = "\n".join(found)
    assert all(f"Phone number +1 555 {each:04d}" in joined for each in range(200))


@pytest.mark.parametrize("number", some(range(1, 60)))
def test_nothing_is_drawn_below_the_foot_however_many_lines_there_are(number: int) -> None:
    reader = PdfReader(BytesIO(draw(invoice(lines=many_lines(number)), None)))
    total = "\n".join(page.extract_text() for page in reader.pages).count("Balance due")
    assert total == 1
    for page in reader.pages:
        lowest: list[float] = []
        page.extract_text(visitor_text=lambda text, _cm, tm, *_, lowest=lowest: lowest.append(tm[5]) if text else None)
        assert min(each for each in lowest if each) >= 39


def test_names_read_from_the_right_stand_right_and_are_found() -> None:
    text = text_of(arabic())
    assert "شركة الأفق للاتصالات" in text
    assert "Horizon" in text
    assert "الرياض 12345" in text
    assert all(each.isprintable() or each.isspace() for each in text)
    assert "חברת השקעות בע״מ" in text_of(invoice(buyer=Party(name="חברת השקעות בע״מ")))


@pytest.mark.parametrize(
    "name",
    [
        "北京示例有限公司",
        "株式会社サンプル商事",
        "주식회사 한글",
        "Ромашка ООО",
        "บริษัท น้ำกรุงเทพ จำกัด",
        "Συνεργασία ΑΕ",
        "Łódź Çağrı",
    ],
)
def test_a_name_in_any_script_can_be_found(name: str) -> None:
    assert name in text_of(invoice(buyer=Party(name=name)))


def test_a_long_name_is_wrapped_and_kept_whole() -> None:
    name = " ".join(["Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik"] * 6)
    text = text_of(invoice(buyer=Party(name=name), seller=replace(SELLER, name=name)))
    assert "".join(text.split()).count("Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik") >= 12


def test_the_longest_billing_details_fit_on_the_page() -> None:
    longest = Party(name="W" * 200, address=("w" * 200,) * 10, country="DE", tax_id="1" * 200, email="e" * 254)
    reader = PdfReader(BytesIO(draw(invoice(buyer=longest, seller=longest), None)))
    text = "".join("".join(page.extract_text() for page in reader.pages).split())
    assert text.count("w") >= 2 * 10 * 200
    assert "Total" in text


@pytest.mark.parametrize(
    ("currency", "micros", "written"),
    [
        ("jpy", 35_000 * MICROS, "¥35,000"),
        ("kwd", 12_340_000, "KWD 12.340"),
        ("eur", 1_234_567_890_000, "€1,234,567.89"),
        ("usd", 1_500, "$0.0015"),
        ("usd", 25 * MICROS, "$25.00"),
        ("isk", 5_000 * MICROS, "ISK 5,000"),
    ],
)
def test_amounts_have_the_places_of_their_currency_and_never_fewer_than_they_need(
    currency: str, micros: int, written: str
) -> None:
    text = text_of(invoice(currency=currency, lines=(one_line("Wallet top-up", micros),)))
    assert written in text
    assert f"Amount ({currency.upper()})" in text


@pytest.mark.parametrize("locale", ["en", "de", "fr", "es", "ja", "pt-BR"])
@pytest.mark.parametrize("currency", sorted({*ZERO_DECIMAL, *THREE_DECIMAL, *catalog().currencies}))
def test_every_currency_is_written_exactly_in_every_language(currency: str, locale: str) -> None:
    for micros in (35 * MICROS, 1_234_567 * MICROS, 12_345_000):
        written = Words(locale).amount(micros, currency)
        assert f"{micros // MICROS:d}" in "".join(each for each in written if each.isdigit())


def test_a_locale_writes_its_own_way() -> None:
    text = text_of(note())
    for part in ("Rechnungskorrektur", "€ 10,00", "21. September 2026", "Österreich", "ERSTATTET", "DONAU-000042"):
        assert part in text, part
    assert "￥35,000" in text_of(yen())
    assert "うち消費税 10%" in text_of(yen())


def test_a_language_that_is_not_spoken_here_gets_an_english_document_throughout() -> None:
    text = text_of(replace(arabic(), locale="he"))
    assert "KWD 12.340 paid on September 21, 2026" in text


def test_an_added_tax_stands_between_subtotal_and_total() -> None:
    tax = TaxLine("Sales tax", 77_000, inclusive=False, amount_micros=1_930_000)
    text = text_of(invoice(tax=tax))
    assert text.index("Subtotal") < text.index("Sales tax 7.7%") < text.index("$26.93", text.index("Subtotal"))


def test_what_is_not_paid_says_what_is_due_and_bears_no_stamp() -> None:
    text = text_of(invoice(paid=None))
    assert "$25.00 due" in text
    assert "PAID" not in text


def test_a_credit_and_a_period_are_written_on_their_line() -> None:
    back = Line(
        description="Unused: Starter, 10 of 30 days",
        quantity_micros=MICROS,
        unit_price_micros=-49 * MICROS,
        amount_micros=-16_330_000,
        period=Period(AT_MS, AT_MS + 10 * 86_400_000),
    )
    text = text_of(invoice(lines=(one_line("Agency", 97 * MICROS), back)))
    assert "-16.33" in text
    assert "Sep 21, 2026 \u2013 Oct 1, 2026" in text
    assert "$80.67 paid" in text


def test_amounts_stand_under_each_other_by_their_decimal_sign() -> None:
    lines = tuple(
        replace(one_line(f"Thing {place}", micros), quantity_micros=MICROS)
        for place, micros in enumerate((2_500, 25 * MICROS, 1_234_500_000))
    )
    signs = []
    for page in PdfReader(BytesIO(draw(invoice(lines=lines), None))).pages:
        page.extract_text(visitor_text=lambda text, _cm, tm, *_: signs.append((text, tm[4])))
    # Digits are all of one width, so a text's end is its start and so many digits.
    written = {text.strip(): x for text, x in signs if text.strip() in {"0.0025", "25.00", "1,234.50"} and x > 480}
    digit, comma = 0.572 * 9.5, 0.268 * 9.5
    heads = {"0.0025": digit, "25.00": 2 * digit, "1,234.50": 4 * digit + comma}
    places = [x + heads[text] for text, x in written.items()]
    assert len(places) == 3
    assert max(places) - min(places) < 0.5


def test_the_buyers_country_is_written_below_the_address_in_the_documents_language() -> None:
    riyadh = replace(account(country="DE"), billing_details=BillingDetails("Horizon", ["Riyadh 12345"], country="SA"))
    text = text_of(invoice(buyer=buyer_of(riyadh), locale="de-DE"))
    assert re.search(r"Riyadh 12345\s+Saudi-Arabien", text)
    assert "Deutschland" not in text


def test_paper_is_that_of_the_buyers_country() -> None:
    assert page_for("US", "de") == LETTER
    assert page_for("DE", "en-US") == A4
    assert page_for(None, "en-US") == LETTER
    assert page_for(None, "en") == A4
    box = PdfReader(BytesIO(draw(invoice(buyer=replace(BUYER, country="DE")), None))).pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx(A4, abs=0.01)


def test_a_pale_colour_is_never_used_for_text() -> None:
    assert readable("#fff2a8") == INK
    assert readable("#24405f") == "#24405f"


def test_a_logo_is_drawn() -> None:
    logo = BytesIO()
    Image.new("RGBA", (300, 90), (120, 60, 160, 200)).save(logo, "PNG")
    reader = PdfReader(BytesIO(draw(invoice(), logo.getvalue())))
    assert len(reader.pages[0].images) == 1
