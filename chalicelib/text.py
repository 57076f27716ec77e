"""Types of texts that people write: each checks a whole text, and its error says what is wrong with it. Pure.

A field of such a type is read by `chalicelib.typed`; the result is a plain `str`. In code `Line("Acme")` makes one, and
raises WrongText for an invalid text. A text that was stored under an older rule is a `str`, and is not checked again.

The lists are babel's, which takes too long to load (50 ms) for functions that only read the catalog: tests compare them
with it.
"""

import re
import unicodedata
from typing import Any, ClassVar, Final, Literal, Self, cast

Reason = Literal["shape", "length", "blank", "hidden", "list", "local_part"]

COUNTRIES: Final = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
    CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
    MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
    SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
    UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()
)
"""ISO 3166-1 alpha-2: no groups of countries, nothing reserved or private."""

OTHER_NAMES: Final = {"UK": "GB", "EL": "GR"}
"""What the United Kingdom and Greece are called elsewhere, such as in VAT numbers."""

CURRENCIES: Final = frozenset(
    """
    aed afn all amd aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf clp cny
    cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl htg huf idr ils
    inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk mnt mop
    mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr
    sdg sek sgd shp sle sos srd ssp stn syp szl thb tjs tmt tnd top try ttd twd tzs uah ugx usd uyu uzs ves vnd vuv wst
    xaf xcd xcg xof xpf yer zar zmw zwg
    """.split()
)
"""ISO 4217: the currencies that some country uses today."""

DIRECTING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They change the direction of the text that follows: a name with one changes how the text around it reads."""

UNWRITABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories that a line cannot contain: control characters, surrogates, line and paragraph separators."""

EMPTY: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are invisible: the Hangul fillers and the blank Braille pattern."""

JOINERS: Final = frozenset("\u200c\u200d")
"""They are invisible, but part of words in some scripts; IDNA decides where a domain may contain them."""

LOCAL_PART: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN: Final = re.compile(rf"({LABEL}\.)+(?![0-9]+\Z)(?=..){LABEL}")
"""RFC 5321 section 4.1.2, without quotes, which few mail programs accept: two labels or more, the last not a number."""

LONGEST_LOCAL_PART: Final = 64
LONGEST_ADDRESS: Final = 254
"""RFC 5321 section 4.5.3.1. Stripe accepts 512."""


class WrongText(ValueError):
    """A text that its type does not allow: the message says what it must be, `reason` which rule it breaks."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class _TextType(type):
    """Make every `str` an instance: msgspec requires that of a value read as one of these types, and it is a `str`."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, str)


class Text(str, metaclass=_TextType):
    """A text that matches `pattern` as a whole; `must` is the rule in words, for error messages."""

    __slots__ = ()
    pattern: ClassVar[str]
    must: ClassVar[str]
    example: ClassVar[str]

    def __new__(cls, text: str) -> Self:
        """Check the text and return it unchanged. Raises WrongText."""
        cls.check(text)
        return cast("Self", text)

    @classmethod
    def check(cls, text: str) -> None:
        """Raise WrongText unless the text is one of this type."""
        if not re.fullmatch(cls.pattern, text):
            raise WrongText(cls.must, "shape")

    @classmethod
    def fits(cls, text: str) -> bool:
        """Tell whether a text is one of this type."""
        try:
            cls.check(text)
        except WrongText:
            return False
        return True

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return its JSON Schema."""
        return {"type": "string", **cls.bounds(), "description": cls.must, "examples": [cls.example]}

    @classmethod
    def bounds(cls) -> dict[str, Any]:
        """Return what JSON Schema can say of its rule."""
        return {"pattern": whole(cls.pattern)}


class Line(Text):
    """One readable line: a name, a line of an address, a reason."""

    __slots__ = ()
    longest: ClassVar = 200
    must = f"must be one line of 1 to {longest} visible characters"
    example = "Acme, Inc."

    @classmethod
    def check(cls, text: str) -> None:
        """Raise WrongText for a text that is too long, is invisible, or changes how the text around it reads."""
        if len(text) > cls.longest:
            raise WrongText(f"{cls.must}; it has {len(text)}", "length")
        for each in text:
            if each in DIRECTING or unicodedata.category(each) in UNWRITABLE or _is_noncharacter(each):
                raise WrongText(f"{cls.must}; U+{ord(each):04X} is not allowed in it", "hidden")
        if not any(map(_is_visible, text)):
            raise WrongText(f"{cls.must}; nothing of it is visible", "blank")

    @classmethod
    def bounds(cls) -> dict[str, Any]:
        """Return what JSON Schema can say of its rule."""
        return {"minLength": 1, "maxLength": cls.longest, "pattern": r"\S"}


class Email(Text):
    """An address that SES and Stripe accept. Its domain may have any letters; the result of `ascii_email` is sent."""

    __slots__ = ()
    example = "billing@acme.example"
    must = f"must be an e-mail address such as {example}"

    @classmethod
    def check(cls, text: str) -> None:
        """Raise WrongText unless a mail could be sent there."""
        ascii_email(text)

    @classmethod
    def bounds(cls) -> dict[str, Any]:
        """Return what JSON Schema can say of its rule."""
        pattern = whole(r"[!-?A-~]{1,64}@[^@ ]{3,}")
        return {"maxLength": LONGEST_ADDRESS, "format": "idn-email", "pattern": pattern}


class Country(Text):
    """A country by its code."""

    __slots__ = ()
    example = "US"
    must = f"must be a country's two capital letters (ISO 3166-1), such as {example}"

    @classmethod
    def check(cls, text: str) -> None:
        """Raise WrongText, with the code that was probably meant, for a code that is no country's."""
        if text not in COUNTRIES:
            code = OTHER_NAMES.get(text.upper(), text.upper())
            raise WrongText(cls.must if code not in COUNTRIES else f"{cls.must}; you probably mean {code}", "list")

    @classmethod
    def bounds(cls) -> dict[str, Any]:
        """Return what JSON Schema can say of its rule."""
        return {"enum": sorted(COUNTRIES)}


class Locale(Text):
    """A language, with an optional script and region, in which babel writes numbers and dates."""

    __slots__ = ()
    pattern = r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*"
    example = "en-US"
    must = f"must be a language, and perhaps its region, such as {example}"

    @classmethod
    def check(cls, text: str) -> None:
        """Raise WrongText for a language or a region that babel does not have, or has under another name."""
        super().check(text)
        name = text.replace("-", "_")
        found = _babel_name(name)
        if not set(name.lower().split("_")) <= set(found.lower().split("_")):
            hint = f"; you probably mean {found.replace('_', '-')}" if found else ""
            raise WrongText(f"{cls.must}; {text!r} is not known{hint}", "list")


class AccountId(Text):
    """An account's id: its characters are safe everywhere."""

    __slots__ = ()
    pattern = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
    must = "must have 1 to 64 letters, digits, dots, dashes or underscores, and begin with a letter or a digit"
    example = "acme"


class WebAddress(Text):
    """A web address, without invisible characters, and without characters that would end it in a text."""

    __slots__ = ()
    pattern = r"""https?://[^\x00-\x20"'<>\\\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff]{1,1990}"""
    example = "https://app.example.com/settings/billing"
    must = f"must be a web address such as {example}, of at most 1,990 characters behind its //"


def ascii_email(address: str) -> str:
    """Return an e-mail address as mail servers write it, with its domain in Punycode if needed. Raises WrongText."""
    local_part, _, domain = address.rpartition("@")
    if any(unicodedata.category(each)[0] in "CZ" and each not in JOINERS for each in domain):
        raise WrongText(Email.must, "hidden")
    if not local_part.isascii():
        detail = f"{Email.must}: mails are not delivered to other letters than a to z before the @"
        raise WrongText(detail, "local_part")
    written = f"{local_part}@{_ascii_domain(domain)}" if len(address) <= LONGEST_ADDRESS else address
    if len(local_part) > LONGEST_LOCAL_PART or len(written) > LONGEST_ADDRESS:
        limits = f"{LONGEST_ADDRESS} characters, {LONGEST_LOCAL_PART} of them before the @"
        raise WrongText(f"{Email.must}, of at most {limits}", "shape")
    if not LOCAL_PART.fullmatch(local_part) or not DOMAIN.fullmatch(written[len(local_part) + 1 :]):
        raise WrongText(Email.must, "shape")
    return written


def _ascii_domain(domain: str) -> str:
    if domain.isascii() and "xn--" not in domain.lower():
        return domain
    import idna  # noqa: PLC0415 - 20 ms, only for the few such domains

    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise WrongText(f"{Email.must}; there is no such domain", "shape") from None


def _babel_name(name: str) -> str:
    """Return babel's name for a locale; an empty string if babel does not have it."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - 25 ms, only if a locale is named

    try:
        found = str(Locale.parse(name))
    except (UnknownLocaleError, ValueError):
        return ""
    return "" if found == "root" else found


def _is_visible(character: str) -> bool:
    """Tell whether a character is visible by itself: a letter, a number, a punctuation mark or a symbol."""
    return unicodedata.category(character)[0] in "LNPS" and character not in EMPTY


def _is_noncharacter(character: str) -> bool:
    """Tell whether it is a noncharacter (The Unicode Standard, section 23.7): neither SQS nor XML accepts it."""
    return ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"


def whole(pattern: str) -> str:
    r"""Return a pattern that matches only a whole text, in msgspec (Python's `re.search`) and JSON Schema (JavaScript).

    No character may follow the match. Python's `$` lets a line feed follow, and JavaScript does not have `\Z`.
    """
    return rf"^(?:{pattern})(?![\s\S])"
