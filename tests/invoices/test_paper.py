"""Whatever a document says: it stands on the paper, above the foot and over nothing else, and all of it does."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.invoice import Invoice, Line, Party, Period, TaxLine, one_line
from chalicelib.invoices.pdf.document import draw
from chalicelib.invoices.pdf.frame import BAR
from chalicelib.invoices.pdf.layout import MARGIN
from chalicelib.invoices.pdf.typeset import ELLIPSIS, clean
from chalicelib.invoices.words import TITLES, Words
from chalicelib.money import MICROS, THREE_DECIMAL, ZERO_DECIMAL
from chalicelib.payments.payment import DAY_MS
from tests.depth import examples
from tests.invoices.documents import AT_MS, PAID, SELLER, arabic, invoice, many_lines
from tests.invoices.logos import png_bytes
from tests.invoices.names import NAMES
from tests.invoices.paper import Box, Paper, Text, read

OVERHANG = 3.0
"""How far a glyph may lean out of its line, in points: that is how they are designed."""

HAIR = 0.5
STAMP_BORDER = 6.0
LONGEST_NUMBER = "W" * 20 + "-WWWWWW-CN-000000000042"
WORDS = [
    *NAMES,
    "Gesellschaft für Forschung und Entwicklung, Aufgang C, dritter Hof links,",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikverwaltungsgebäude",
    "W" * 120,
    "ﷺ﷽﷽",
    "a" + "\u0301" * 40 + "g" + "\u0323" * 40,
    "Ệ ผู้ปู่ซื้อน้ำกรุงเทพมหานครอมรรตนโกสินทร์ མཱུྃ",
    "🎉 👩‍💻 ❤️ 👍🏽 1️⃣ 🇩🇪🇫🇷 " + "\U0001f468\u200d" * 60,
]
BARE = [each.replace(" ", "") for each in WORDS]
LOCALES = "en-US en-GB de-AT fr-FR es-MX ja-JP ar-SA he-IL zh-TW th-TH hi-IN xx".split()
CURRENCIES = sorted({*ZERO_DECIMAL, *THREE_DECIMAL, *catalog().currencies})
LARGEST = 10**12 * MICROS - 1

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(lambda words: " ".join(words)[:200].strip())
bare_texts = st.lists(st.sampled_from(BARE), min_size=1, max_size=4).map(lambda words: "".join(words)[:200])
maybe_bare = st.none() | bare_texts
micros = st.sampled_from([1, 2_500, 25 * MICROS, 1_234_567_890_000, LARGEST]) | st.integers(0, LARGEST)
parties = st.builds(
    Party,
    name=texts,
    address=st.lists(texts, max_size=10).map(tuple),
    country=st.sampled_from([None, "US", "DE", "SA", "JP", "VC"]),
    tax_id=maybe_bare,
    email=maybe_bare,
    color=st.sampled_from(["#24405f", "#fff2a8"]),
)
lines = st.builds(
    Line,
    description=texts,
    amount_micros=micros,
    quantity_micros=st.none() | micros,
    unit_price_micros=st.none() | micros,
    period=st.none() | st.just(Period(AT_MS, AT_MS + 30 * DAY_MS)),
)
taxes = st.none() | st.builds(
    TaxLine,
    name=st.sampled_from(["USt.", "消費税", "Donaudampfschifffahrtsabgabenzuschlagxyz"]),
    rate_micros=st.integers(1, MICROS),
    inclusive=st.booleans(),
    amount_micros=st.just(0),
)
documents = st.builds(
    invoice,
    number=st.sampled_from(["ACME-000042", LONGEST_NUMBER]),
    kind=st.sampled_from(["invoice", "credit_note"]),
    currency=st.sampled_from(CURRENCIES),
    locale=st.sampled_from(LOCALES),
    seller=parties,
    buyer=parties,
    lines=(st.lists(lines, min_size=1, max_size=5) | st.sampled_from([40, 120]).map(many_lines)).map(tuple),
    tax=taxes,
    paid=st.sampled_from([None, PAID, replace(PAID, charge_id="ch_" + "W" * 252, refund_id="re_1")]),
    credits=st.sampled_from([None, LONGEST_NUMBER]),
    reason=st.none() | texts,
)
logos = st.sampled_from([None, png_bytes(2_000, 1), png_bytes(1, 2_000), png_bytes(300, 90)])


def crowded() -> Invoice:
    """Return the longest of all texts that the API takes today."""
    party = Party(name="W" * 200, address=("w" * 200,) * 10, country="US", tax_id="1" * 200, email="e" * 254)
    line = Line(description="W" * 500, amount_micros=LARGEST, quantity_micros=LARGEST, unit_price_micros=LARGEST)
    return invoice(seller=party, buyer=party, lines=(line,) * 3, number=LONGEST_NUMBER, credits=LONGEST_NUMBER)


@hypothesis_settings(max_examples=examples(40))
@given(documents, logos)
@example(invoice(), None)
@example(arabic(), png_bytes(300, 90))
@example(crowded(), None)
@example(crowded(), png_bytes(300, 90))
@example(
    invoice(seller=replace(SELLER, name="Example Platform of the very long name, Inc. " * 4), lines=many_lines(300)),
    None,
)
@example(invoice(lines=(one_line("word " * 3_000, MICROS), one_line("Next", MICROS))), None)
def test_all_of_a_document_stands_on_the_paper_and_over_nothing_else(document: Invoice, logo: bytes | None) -> None:
    papers = read(draw(document, logo))
    for number, paper in enumerate(papers, 1):
        assert not list(outside(paper))
        assert not list(overlapping(paper))
        assert not list(stamped_over(paper, document))
        assert paper.rows[-1].says == f"{number}/{len(papers)}"
        assert says_or_shortens(paper.rows[-2], sender(document.seller))
    for paper in papers[1:]:
        assert any(says_or_shortens(row, document.seller.name) for row in paper.rows[:4])
        assert says(paper.rows, bare(f"{title(document)} {document.number}"))
    rows = [row for paper in papers for row in paper.body]
    assert [each for each in told(document) if not says(rows, bare(each))] == []


def outside(paper: Paper) -> Iterator[tuple[str, Box]]:
    """Yield what lies in the margins, below the foot or above the bar."""
    for text, lowest in [(row, paper.foot) for row in paper.body] + [(row, 0.0) for row in paper.rows[-2:]]:
        if not is_within(text.box, paper, lowest):
            yield text.says, text.box
    yield from (("shape", box) for box in paper.shapes if not is_within(box, paper, 0))
    yield from (("foot", row.box) for row in paper.rows[-2:] if row.box.top > paper.foot)


def is_within(box: Box, paper: Paper, lowest: float) -> bool:
    across = box.left >= MARGIN - OVERHANG and box.right <= paper.width - MARGIN + OVERHANG
    return across and lowest < box.bottom and box.top < paper.height - BAR


def overlapping(paper: Paper) -> Iterator[tuple[Text, Box]]:
    """Yield rows that stand over others, over rules or over pictures."""
    yield from ((one, two.box) for one, two in combinations(paper.rows, 2) if one.box.overlaps(two.box, HAIR))
    yield from ((row, box) for row in paper.rows for box in paper.rules + paper.pictures if row.box.overlaps(box, 0))


def stamped_over(paper: Paper, document: Invoice) -> Iterator[Text]:
    """Yield rows that stand in the stamp's frame."""
    stamps = {bare(Words(document.locale).say(each)) for each in ("PAID", "REFUNDED")}
    for stamp in (row for row in paper.rows if row.says in stamps):
        left, bottom, right, top = stamp.box
        frame = Box(left - STAMP_BORDER, bottom - STAMP_BORDER, right + STAMP_BORDER, top + STAMP_BORDER)
        yield from (row for row in paper.rows if row is not stamp and row.box.overlaps(frame, 0))


def test_a_document_in_arabic_is_mirrored_and_its_decimals_line_up() -> None:
    amounts = (1_500_000, 12_000_000, 1_234_000_000)
    lines = tuple(one_line("Wallet top-up", each) for each in amounts)
    [paper] = read(draw(replace(arabic(), currency="usd", lines=lines, total_micros=sum(amounts)), None))
    [name, *_] = [row for row in paper.rows if row.says == "ExamplePlatform,Inc."]
    assert abs(paper.width - MARGIN - name.box.right) < OVERHANG
    [number] = [row for row in paper.rows if row.says == "HORIZON-000007"]
    assert abs(number.box.left - MARGIN) < OVERHANG
    written = [row for row in paper.rows if row.says in {"1.50", "12.00", "1,234.00"}]
    columns = [written[place::2] for place in (0, 1)]
    for column in columns:
        assert len(column) == len(amounts)
        assert max(row.box.right for row in column) - min(row.box.right for row in column) < HAIR
    assert any(row.says.startswith("US$1,247.50") for row in paper.rows)


def told(document: Invoice) -> Iterator[str]:
    """Yield what a document must say in full."""
    words = Words(document.locale)
    yield from (title(document), document.number, document.payment_id)
    yield words.date(document.issued_at_ms)
    for party in (document.seller, document.buyer):
        yield from (party.name, *party.address)
        yield from (f"{words.say('Tax ID')}: {party.tax_id}",) if party.tax_id else ()
        yield from (party.email,) if party.email else ()
    for line in document.lines:
        yield from (line.description, words.plain_amount(line.amount_micros, document.currency))
        if line.quantity_micros is not None:
            yield words.quantity(line.quantity_micros)
        if line.unit_price_micros is not None:
            yield words.plain_amount(line.unit_price_micros, document.currency)
    yield words.amount(document.total_micros, document.currency)
    if document.tax:
        pattern = "Includes %(name)s %(rate)s" if document.tax.inclusive else "%(name)s %(rate)s"
        yield words.say(pattern, name=document.tax.name, rate=words.rate(document.tax.rate_micros))
    yield from (each for each in (document.reason, document.credits) if each)
    if document.paid:
        yield from (each for each in (document.paid.charge_id, document.paid.refund_id) if each)


def title(document: Invoice) -> str:
    return Words(document.locale).say(TITLES[document.kind])


def sender(seller: Party) -> str:
    """Return what stands at the foot of each page."""
    return " \u00b7 ".join(each for each in (seller.name, seller.tax_id, seller.email) if each)


def says(rows: Iterable[Text], wanted: str) -> bool:
    """Tell whether rows that follow each other say a text. What is read from the right is found in any order."""
    said = [row.says for row in rows]
    if any(unicodedata.bidirectional(each) in {"R", "AL", "AN"} for each in wanted):
        return Counter(wanted) <= Counter("".join(said))
    return any(_says(said[start:], wanted) for start in range(len(said)) if wanted.startswith(said[start]))


def _says(said: list[str], wanted: str) -> bool:
    for each in said:
        wanted = wanted.removeprefix(each)
        if not wanted:
            return True
    return False


def says_or_shortens(row: Text, whole: str) -> bool:
    """Tell whether a row says a text, or as much of it as there is room for, and that it does."""
    said, wanted = Counter(row.says), Counter(bare(whole))
    return said == wanted or (ELLIPSIS in said and said - Counter(ELLIPSIS) <= wanted)


def bare(text: str) -> str:
    """Return a text as rows say it, without spaces."""
    return "".join(clean(str(text)).split())
