"""Who signs up in the demo: people and companies of several countries and scripts."""

import random
from dataclasses import dataclass


def _words(text: str, between: str = "|") -> tuple[str, ...]:
    return tuple(text.split(between))


@dataclass(frozen=True)
class Person:
    """Somebody who signs up."""

    first_name: str
    last_name: str
    company: str
    email: str
    country: str
    city: str = ""
    address_line: str = ""
    postal_code: str = ""
    phone: str = ""
    source: tuple[str, str, str, str] = ("", "", "", "")
    """Marketing source; campaign, source and medium of the link that led here."""


@dataclass(frozen=True)
class _Land:
    """Where people of one language come from, and how they are called."""

    country: str
    weight: int
    first: tuple[str, ...]
    last: tuple[str, ...]
    latin: tuple[str, ...]
    """The same last names for addresses of mail."""
    cities: tuple[str, ...]
    dialling: str


_ENGLISH = _words(
    "Alice|Ben|Tess|Kari|Iona|Mo|Ana|Priya|Sam|Noor|Luca|Hana|Owen|Maya|Theo|Ines|Jonas|Freya|Arlo|Zoe|Mina|"
    "Elias|Ruth|Callum|Nadia|Piotr|Leila|Hugo|Greta|Tomas"
)
_SURNAMES = _words(
    "Marchetti|Calder|Whitlock|Solberg|Macrae|Haddad|Figueira|Raman|Osei|Karim|Bianchi|Price|Lindqvist|Adler|"
    "Moreau|Falk|Doyle|Pereira|Brandt|Okafor|Silva|Hughes|Vance|Romero|Weiss|Byrne"
)


def _latin(country: str, weight: int, cities: str, dialling: str, first: str = "", last: str = "") -> _Land:
    names = _words(last) if last else _SURNAMES
    plain = tuple(_plain(name) for name in names)
    return _Land(country, weight, _words(first) if first else _ENGLISH, names, plain, _words(cities), dialling)


_ACCENTS = str.maketrans("äöüßåøæéèêëíóúñçłśżčšžáýřůŁŚŻŠŽÁÖÜØÅ", "aousaoaeeeeiounclszcszayruLSZSZAOUOA")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.translate(_ACCENTS).lower() if letter.isascii() and letter.isalpha())


LANDS = (
    _latin("GB", 26, "Bristol|Leeds|Glasgow|Norwich|Cardiff|York", "+44 117 496"),
    _latin("IE", 5, "Cork|Galway|Dublin", "+353 21 555"),
    _latin("US", 14, "Portland|Austin|Madison|Boise|Tulsa", "+1 503 555"),
    _latin(
        "DE", 12, "Köln|Hamburg|Leipzig|Nürnberg|Göttingen", "+49 221 555",
        "Jürgen|Sören|Käthe|Anke|Björn|Lena|Uwe|Heike", "Müller|Schröder|Weiß|Krüger|Jäger|Köhler|Größmann|Vogt",
    ),
    _latin(
        "FR", 8, "Lyon|Nantes|Besançon|Orléans", "+33 4 55",
        "Hélène|François|Zoé|Rémi|Chloé|Léa", "Lefèvre|Béranger|Noël|Dupré|Girard|Étienne",
    ),
    _latin(
        "PL", 6, "Kraków|Łódź|Gdańsk|Wrocław", "+48 12 555",
        "Łukasz|Małgorzata|Paweł|Agnieszka|Zofia", "Wiśniewski|Dąbrowska|Żak|Kowalski|Śliwa",
    ),
    _latin("NO", 4, "Bergen|Tromsø|Ålesund", "+47 55", "Øystein|Åse|Kåre|Ingrid", "Bjørnstad|Sørlie|Nygård|Hagen"),
    _latin("NL", 5, "Utrecht|Delft|Haarlem", "+31 30 555"),
    _latin("ES", 5, "León|Cádiz|Málaga", "+34 91 555", "Íñigo|Begoña|Andrés|Lucía", "Núñez|Ibáñez|Peña|Gómez"),
    _latin("TR", 3, "İzmir|Bursa|Eskişehir", "+90 232 555", "Çağla|Ömer|Şule|Gülay", "Yıldız|Öztürk|Şahin|Çelik"),
    _Land(
        "GR", 3, _words("Ελένη|Γιώργος|Νίκος|Κατερίνα"), _words("Παπαδόπουλος|Γεωργίου|Νικολαΐδης"),
        _words("papadopoulos|georgiou|nikolaidis"), _words("Πάτρα|Βόλος|Χανιά"), "+30 261 555",
    ),
    _Land(
        "UA", 3, _words("Олена|Тарас|Оксана|Юрій"), _words("Шевченко|Коваль|Бондаренко"),
        _words("shevchenko|koval|bondarenko"), _words("Львів|Одеса|Чернівці"), "+380 32 555",
    ),
    _Land(
        "JP", 4, _words("葵|蓮|陽菜|悠真|さくら"), _words("佐藤|田中|高橋|渡辺"),
        _words("sato|tanaka|takahashi|watanabe"), _words("京都|仙台|福岡"), "+81 75 555",
    ),
    _Land(
        "EG", 2, _words("أمل|يوسف|ليلى|كريم"), _words("حداد|منصور|فاروق"), _words("haddad|mansour|farouk"),
        _words("الإسكندرية|أسوان"), "+20 3 555",
    ),
    _Land(
        "IN", 4, _words("प्रिया|अर्जुन|मीरा|रोहन"), _words("शर्मा|पटेल|राव"), _words("sharma|patel|rao"),
        _words("पुणे|जयपुर|कोच्चि"), "+91 20 555",
    ),
)  # fmt: skip
_WEIGHTS = [land.weight for land in LANDS]
TRADE = _words(
    "Bakery|Yoga|Joinery|Clinic|Photo|Farm Shop|Architects|Bread|Travel|Cycles|Ceramics|Books|Roasters|Studio|"
    "Garden|Legal|Dental|Brewing|Sailing|Print"
)
PLACE = _words(
    "Alder|Brightwater|Calder|Dunmore|Elm|Fjord|Grange|Hollis|Isle|Juniper|Kestrel|Lumen|Marlow|Northgate|"
    "Orchard|Pebble|Quill|Rowan|Saltmarsh|Thistle|Umber|Vale|Willow|Yarrow"
)
FORMS = {"GB": " Ltd", "IE": " Ltd", "US": " LLC", "DE": " GmbH", "FR": " SARL", "NL": " BV", "PL": " sp. z o.o."}
STREETS = _words("Quay Street|Mill Lane|Station Road|Hill View|Market Square|Chapel Row|Harbour Way")
SOURCES = (
    ("google-ads", "summer-sale", "google", "cpc"),
    ("newsletter", "november", "mail", "email"),
    ("partner", "builders", "tern", "referral"),
    ("comparison-site", "", "hostcheck", "listing"),
    ("", "", "", ""),
    ("", "", "", ""),
    ("", "", "", ""),
)
PRIVATE = 0.3
"""Which part of the customers is no company."""


def somebody(chance: random.Random, mark: str = "") -> Person:
    """Somebody, the same each time for the same `chance`. `mark` goes into the address of mail and makes it unique."""
    land = chance.choices(LANDS, _WEIGHTS)[0]
    at = chance.randrange(len(land.last))
    place, trade = chance.choice(PLACE), chance.choice(TRADE)
    is_private = chance.random() < PRIVATE
    name = land.latin[at]
    firm = f"{place}{trade}".lower().replace(" ", "")
    address = f"{name}{mark}@post.example.com" if is_private else f"{name}@{firm}{mark}.example.com"
    return Person(
        first_name=chance.choice(land.first),
        last_name=land.last[at],
        company="" if is_private else f"{place} {trade}{FORMS.get(land.country, '')}",
        email=address,
        country=land.country,
        city=chance.choice(land.cities),
        address_line=f"{chance.randrange(1, 180)} {chance.choice(STREETS)}",
        postal_code=f"{chance.randrange(10000, 99999)}",
        phone=f"{land.dialling} {chance.randrange(1000, 9999)}",
        source=chance.choice(SOURCES),
    )
