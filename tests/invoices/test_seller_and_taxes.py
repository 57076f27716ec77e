import pytest

from chalicelib.catalog.catalog import FILE, catalog, read_catalog
from chalicelib.catalog.errors import InvalidCatalog
from chalicelib.catalog.tax import Tax

DEPLOYED = FILE.read_text()


def with_tax(**changes: object) -> str:
    fields = {"name": '"VAT"', "rate": '"19"', "inclusive": "true", **changes}
    return f"{DEPLOYED}\n[taxes.DE]\n" + "\n".join(f"{name} = {value}" for name, value in fields.items())


def test_there_is_no_tax_unless_the_catalog_names_one() -> None:
    assert catalog().taxes == {}
    assert read_catalog(with_tax().encode()).taxes == {"DE": Tax("VAT", 190_000, inclusive=True)}
    assert read_catalog(with_tax(rate='"8.0625"', inclusive="false").encode()).taxes["DE"].rate_micros == 80_625


@pytest.mark.parametrize("rate", ["0", "100", "-1", "19.00001", "19%", "1e1"])
def test_a_rate_that_cannot_be_meant_is_refused(rate: str) -> None:
    with pytest.raises(InvalidCatalog):
        read_catalog(with_tax(rate=f'"{rate}"').encode())


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("[taxes.DE]", "[taxes.de]"),
        ("inclusive = true", ""),
        ('color = "#24405f"', 'color = "blue"'),
        ('color = "#24405f"', 'logo = "missing.png"'),
        ('color = "#24405f"', 'logo = "../secret.png"'),
        ('name = "Example Platform, Inc."', 'name = ""'),
    ],
)
def test_a_seller_or_a_tax_that_is_not_right_is_not_loaded(part: str, instead: str) -> None:
    written = with_tax()
    assert part in written
    with pytest.raises(InvalidCatalog):
        read_catalog(written.replace(part, instead).encode())
