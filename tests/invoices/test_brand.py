import base64
import random
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from chalicelib.invoices.brand import LogoInvalid, read_logo
from chalicelib.png import can_be_unpacked, size_of
from tests.invoices.logos import bombs, png

KINDS = (b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"tRNS", b"cHRM", b"eXIf", b"acTL", b"fcTL", b"PLTE", b"IDAT", b"IHDR")


def test_a_picture_is_itself() -> None:
    assert read_logo(png(40, 20)) == base64.b64decode(png(40, 20))
    assert size_of(base64.b64decode(png(40, 20))) == (40, 20)
    assert can_be_unpacked(base64.b64decode(png(2_000, 1)))


@pytest.mark.parametrize("logo", [*bombs(), png(2_001, 1), png(20, 20, "JPEG"), png(20, 20, "GIF"), "", "x", "é", "\0"])
def test_what_is_no_picture_of_a_believable_size_is_refused_before_it_is_unpacked(logo: str) -> None:
    with pytest.raises(LogoInvalid):
        read_logo(logo)


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_a_picture_that_ends_early_is_refused(length: int) -> None:
    with pytest.raises(LogoInvalid):
        read_logo(base64.b64encode(base64.b64decode(png(40, 20))[:length]).decode())


@pytest.mark.filterwarnings("ignore:Invalid APNG")
def test_a_picture_that_is_damaged_anyhow_is_taken_or_refused() -> None:
    """Pillow raises whatever it meets; the seed is one that finds all of it."""
    chance, refused = random.Random(1), 0
    for mode in ("RGB", "P", "RGBA", "1", "I;16"):
        file = BytesIO()
        Image.new(mode, (40, 30)).save(file, "PNG")
        for _ in range(400):
            try:
                read_logo(base64.b64encode(_damaged(file.getvalue(), chance)).decode())
            except LogoInvalid:
                refused += 1
    assert 200 < refused < 1_800


def _damaged(picture: bytes, chance: random.Random) -> bytes:
    """Return a picture with some other bytes, or with another chunk behind its header or before its end."""
    if chance.random() < 0.4:
        changed = bytearray(picture)
        for _ in range(3):
            changed[chance.randrange(8, len(changed))] = chance.randrange(256)
        return bytes(changed)
    kind, content = chance.choice(KINDS), chance.randbytes(chance.choice([0, 1, 4, 13, 26, 40]))
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    at = chance.choice([33, -12])
    return picture[:at] + chunk + picture[at:]
