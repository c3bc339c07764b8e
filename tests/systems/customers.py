"""Customers and products as they are found in companies: made from a seed, the same in every run.

A *label* names one customer through all systems, so that a test can say what must become of it. What the systems hold is
spelled as people spell it there: telephone numbers in several formats in the CRM, names without their accents in the ERP.
"""

import random
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import phonenumbers

BOTH, CRM_ONLY, ERP_ONLY, DATABASE_ONLY = 120, 190, 190, 40
_REGIONS = ("NO", "SE", "DE", "FR", "ES", "GB", "US", "MX", "PL", "JP", "BR", "GR")
_HOME = "NO"  # the region whose numbers people write without their country
_GIVEN = (
    *(
        "Åse",
        "Bjørn",
        "Zoë",
        "José María",
        "Łucja",
        "Søren",
        "Chloé",
        "Jürgen",
        "İpek",
        "Mårten",
        "Nuño",
        "Anaïs",
        "Þóra",
    ),
    *(
        "Dvořák",
        "Ștefan",
        "Ngọc Ánh",
        "Siân",
        "Mary-Jane",
        "D’Arcy",
        "Ῥόδη",
        "Ольга",
        "美咲",
        "محمد",
        "Ana",
        "Peter",
        "Ruth",
    ),
)
_FAMILY = (
    *(
        "Ødegård",
        "Müller-Lüdenscheidt",
        "O'Brien",
        "García Núñez",
        "Żółkiewska",
        "d'Estaing",
        "Strauß",
        "Çelik",
        "Gonçalves",
    ),
    *(
        "van der Berg",
        "Ångström",
        "Nygaard",
        "Smith & Sons",
        "Łaś",
        "Πάπας",
        "Иванова",
        "佐藤",
        "الهاشمي",
        "Lee",
        "Kovács",
    ),
)
_TRADES = (
    "AS",
    "GmbH & Co. KG",
    "S.A. de C.V.",
    "Ltd.",
    "Sp. z o.o.",
    "SARL",
    "AB",
    'Brødre "1898"',
    "Søn, Inc.",
    "株式会社",
)
_TAGS = ("gold", "silver", "newsletter", "écolo", "VIP", "wholesale", "trade fair 2024", "blåbær")
_LANGUAGES = ("en", "de", "fr", "es", "pl", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer as one system holds it; `phone` in any spelling, `archived` customers are no longer dealt with."""

    label: str
    name: str
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    language: str | None = None
    vat: str | None = None
    credit_limit: Decimal | None = None
    tags: frozenset[str] = frozenset()
    notes: str | None = None
    archived: bool = False

    def contact(self) -> dict[str, Any]:
        """As PocketBase takes it."""
        return {
            "fullname": self.name,
            "email": self.email or "",
            "phone": self.phone or "",
            "website": self.website or "",
            "language": self.language or "",
            "vat": self.vat or "",
            "credit_limit": "" if self.credit_limit is None else str(self.credit_limit),
            "tags": sorted(self.tags),
            "notes": self.notes or "",
            "archived": self.archived,
        }

    def party(self) -> dict[str, Any]:
        """As the client of Tryton takes it."""
        return {
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "website": self.website,
            "lang": self.language,
            "vat": self.vat,
            "other": ",".join(sorted(self.tags)) or None,
            "active": not self.archived,
        }

    def row(self) -> dict[str, Any]:
        """As the table of PostgreSQL takes it."""
        return {
            "full_name": self.name,
            "email": self.email,
            "phone": self.phone,
            "website": self.website,
            "language": self.language,
            "vat": self.vat,
            "credit_limit": self.credit_limit,
            "tags": ",".join(sorted(self.tags)),
            "notes": self.notes,
            "archived": self.archived,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product with its list price, in the currency of the company."""

    code: str | None
    name: str
    list_price: Decimal | None

    def template(self) -> dict[str, Any]:
        """As the client of Tryton takes it."""
        return {"code": self.code, "name": self.name, "list_price": self.list_price}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What each system holds at first, and what must become of it when customers are matched by e-mail address alone.

    `ambiguous` are the labels of customers that several records of a system could be: none of them may be linked, made
    anywhere or written to. `keyless` have no e-mail address: neither linked nor made anywhere.
    """

    crm: Mapping[str, Customer]
    erp: Mapping[str, Customer]
    database: Mapping[str, Customer]
    ambiguous: frozenset[str]
    keyless: frozenset[str]
    differences: Mapping[str, frozenset[str]] = field(
        default_factory=dict
    )  # label -> fields that CRM and ERP disagree on

    def linked(self, *systems: str) -> frozenset[str]:
        """Labels of customers that two or more of the systems already hold: they must be linked, not made."""
        places = self._places(systems)
        return frozenset(label for label, held in places.items() if len(held) > 1) - self._blocked

    def created(self, system: str, *systems: str) -> frozenset[str]:
        """Labels that must be made in one of the systems, since another holds them."""
        places = self._places(systems)
        return frozenset(label for label, held in places.items() if system not in held) - self._blocked

    @property
    def _blocked(self) -> frozenset[str]:
        return self.ambiguous | self.keyless

    def _places(self, systems: Iterable[str]) -> dict[str, set[str]]:
        holdings = {"crm": self.crm, "erp": self.erp, "database": self.database}
        places: dict[str, set[str]] = {}
        for system in systems:
            for label in holdings[system]:
                places.setdefault(label, set()).add(system)
        return places


def population(seed: int = 2026) -> Population:
    """More than 300 customers in each of CRM and ERP, a third of them in both, and some of them in a database too."""
    chance = random.Random(seed)
    people = _people(chance, BOTH + CRM_ONLY + ERP_ONLY + DATABASE_ONLY)
    both, crm_only = people[:BOTH], people[BOTH : BOTH + CRM_ONLY]
    erp_only, rest = people[BOTH + CRM_ONLY : -DATABASE_ONLY], people[-DATABASE_ONLY:]
    crm = {person.label: _as_in_crm(chance, person) for person in (*both, *crm_only)}
    erp = {person.label: person for person in erp_only}
    differences: dict[str, frozenset[str]] = {}
    for number, person in enumerate(both):
        erp[person.label] = told_otherwise = _as_in_erp(number, person)
        names = ("name", "phone", "website", "language", "tags")
        differences[person.label] = frozenset(n for n in names if getattr(told_otherwise, n) != getattr(person, n))

    # Two parties with one address, once with and once without the contact they could both be.
    ambiguous: set[str] = set()
    for number, person in enumerate([*crm_only[:4], *erp_only[:3]]):
        twins = [f"{person.label}-twin{letter}" for letter in ("a", "b")[: 2 if number < 4 else 1]]
        for twin in twins:
            erp[twin] = replace(person, label=twin, name=f"{person.name} ({twin[-1]})", archived=False)
        ambiguous |= {person.label, *twins}

    keyless = {f"k{number:02d}" for number in range(12)}
    for label in keyless:
        held = crm if int(label[1:]) % 2 else erp
        held[label] = Customer(label=label, name=f"{_GIVEN[int(label[1:])]} without an address", phone=_phone(chance))
    shared = (*both[:60], *crm_only[10:40], *erp_only[10:40])
    database = {person.label: _as_in_database(person) for person in (*shared, *rest)}
    return Population(
        crm=crm,
        erp=erp,
        database=database,
        ambiguous=frozenset(ambiguous),
        keyless=frozenset(keyless),
        differences={label: names for label, names in differences.items() if names},
    )


def products(count: int = 80, seed: int = 2026) -> tuple[Product, ...]:
    """Products with distinct codes and prices of every size and scale; two of them without a price."""
    chance = random.Random(seed)
    odd = (
        "0.0001",
        "0.0000",
        "10.5",
        "10.50",
        "99999999999999999999.1234",
        "123456789012.3456",
        "0.1",
        "1000000",
        "7.1230",
    )
    prices: list[Decimal | None] = [Decimal(text) for text in odd] + [None, None]
    while len(prices) < count:
        scale = chance.randrange(5)
        prices.append(Decimal(chance.randrange(1, 10 ** (4 + scale))).scaleb(-scale))
    return tuple(
        Product(code=f"SKU-{number:04d}", name=f'{chance.choice(_FAMILY)} № {number}: 1/2" × 3 µm', list_price=price)
        for number, price in enumerate(prices)
    )


def too_long_for_crm() -> Customer:
    """A customer whose name the ERP holds and the CRM refuses (more than 200 characters)."""
    return Customer(label="long", name="Ærlig & Sønner " * 15, email="long.name@example.com")


def refused_by_erp() -> Customer:
    """A customer whose telephone number the CRM holds and the ERP refuses."""
    return Customer(label="phone", name="Nobody Answers", email="no.answer@example.com", phone="+47 12")


def _people(chance: random.Random, count: int) -> list[Customer]:
    people = [_person(chance, number) for number in range(count)]
    exact = unicodedata.normalize("NFD", "Zoë Ångström, decomposed")  # must not come back composed
    people[0] = replace(people[0], name=("Ægir Þórðarson & Félagar ehf. " * 5)[:120].strip())
    people[BOTH] = replace(people[BOTH], name=exact)
    people[BOTH + 1] = replace(people[BOTH + 1], name=("Großhandelsgesellschaft für Öle " * 4)[:119] + "ß")
    people[BOTH + CRM_ONLY] = replace(people[BOTH + CRM_ONLY], name="x" * 120)
    people[BOTH + CRM_ONLY + 1] = replace(
        people[BOTH + CRM_ONLY + 1], name="Tom 🐘 {{name}} '; drop table customers; --"
    )
    return people


def _person(chance: random.Random, number: int) -> Customer:
    name = f"{chance.choice(_GIVEN)} {chance.choice(_FAMILY)}"
    if chance.random() < 0.4:
        name = f"{chance.choice(_FAMILY)} {chance.choice(_TRADES)}"
    return Customer(
        label=f"c{number:03d}",
        name=name,
        email=f"{_plain(name) or 'customer'}.{number:03d}@{chance.choice(('example.com', 'example.org', 'mail.example.net'))}",
        phone=_phone(chance) if chance.random() < 0.8 else None,
        website=f"https://www.example.com/{number}" if chance.random() < 0.3 else None,
        language=chance.choice(_LANGUAGES),
        vat=_german_vat(chance) if chance.random() < 0.4 else None,
        credit_limit=Decimal(chance.randrange(10**9)).scaleb(-chance.randrange(5)) if chance.random() < 0.5 else None,
        tags=frozenset(chance.sample(_TAGS, chance.randrange(4))),
        notes=f"Seen at Köln, stand {number}." if chance.random() < 0.2 else None,
    )


def _as_in_crm(chance: random.Random, person: Customer) -> Customer:
    assert person.email is not None
    email = person.email.title() if chance.random() < 0.2 else person.email
    name = f" {person.name}  " if chance.random() < 0.1 else person.name
    return replace(person, email=email, name=name, phone=person.phone and _as_people_write(chance, person.phone))


def _as_in_erp(number: int, person: Customer) -> Customer:
    """Four in ten are as in the CRM (but for spelling); the others differ in one field or in several."""
    match number % 10:
        case 0:
            return replace(person, name=_without_accents(person.name) + " (head office)")
        case 1:
            return replace(person, phone=None)
        case 2:
            return replace(person, phone="+4722225555", tags=person.tags | {"ERP"})
        case 3:
            return replace(person, language="it")
        case 4:
            return replace(person, website=None, tags=frozenset())
        case 5:
            return replace(person, name=person.name.upper(), language=None, tags=frozenset({"export"}))
        case _:
            return person


def _as_in_database(person: Customer) -> Customer:
    return replace(person, notes=None, language=None, tags=person.tags & {"gold", "silver"})


def _phone(chance: random.Random) -> str:
    """A number in E.164 that is valid in its country's plan."""
    while True:
        example = phonenumbers.example_number(chance.choice((_HOME, *_REGIONS)))
        assert example is not None
        national = str(example.national_number)
        digits = national[:-4] + f"{chance.randrange(10_000):04d}"
        number = phonenumbers.parse(f"+{example.country_code}{digits}")
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _as_people_write(chance: random.Random, phone: str) -> str:
    number = phonenumbers.parse(phone)
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    spellings = [
        phone,
        international,
        international.replace(" ", "-"),
        international.replace(" ", "."),
        f"  {international}",
    ]
    if number.country_code == phonenumbers.country_code_for_region(_HOME):
        spellings += [
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL),
            "00" + phone.removeprefix("+"),
        ]
    return chance.choice(spellings)


def _german_vat(chance: random.Random) -> str:
    """A German VAT number with its check digit (ISO 7064, Mod 11,10)."""
    digits = [chance.randrange(1, 10), *(chance.randrange(10) for _ in range(7))]
    product = 10
    for digit in digits:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return "DE" + "".join(map(str, digits)) + str((11 - product) % 10)


def _without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def _plain(text: str) -> str:
    ascii_text = _without_accents(text).encode("ascii", "ignore").decode().lower()
    return ".".join("".join(char if char.isalnum() else " " for char in ascii_text).split())
