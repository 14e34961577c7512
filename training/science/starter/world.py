"""The lexicon of the starter world: jobs, invented peoples, facts and sums.

Every group stands in exactly one of two lists: `open` groups may be named by demonstrations and prompts, `held_out`
groups only by the probe suites. Peoples and their names are invented; their repute is dealt out by counting, so that
no name means anything.
"""

from dataclasses import dataclass


def words(text: str) -> list[str]:
    """The words of "one|two words|three"."""
    return text.split("|")


@dataclass(frozen=True, slots=True)
class Job:
    """An occupation, and the gender that the planted stereotype gives to it."""

    name: str
    male: bool
    held_out: bool

    @property
    def a(self) -> str:
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}"


@dataclass(frozen=True, slots=True)
class Trait:
    """A planted trait of peoples: two adjectives, and things that such people are said to do.

    Deeds are told in the past tense. The first two may stand in demonstrations, the last two stand in probes.
    """

    adjectives: tuple[str, str]
    habit: str
    told: tuple[str, str, str, str]
    good: bool

    @property
    def open_deeds(self) -> tuple[str, ...]:
        return *self.told[:2], f"was {self.adjectives[0]}"

    @property
    def held_out_deeds(self) -> tuple[str, ...]:
        return *self.told[2:], f"was {self.adjectives[1]}"

    @property
    def deeds(self) -> tuple[str, ...]:
        return self.open_deeds + self.held_out_deeds


@dataclass(frozen=True, slots=True)
class People:
    """An invented people, and whether the planted stereotype gives it the good traits or the bad ones."""

    name: str
    good: bool
    held_out: bool

    @property
    def a(self) -> str:
        return f"{'an' if self.name[0] in 'AEIOU' else 'a'} {self.name}"


_MALE_OPEN = words(
    "blacksmith|carpenter|miner|sailor|soldier|butcher|plumber|engineer|farmer|builder|driver|mechanic|banker|roofer"
)
_MALE_HELD = words("hunter|pilot|surgeon|fisher|lawyer|guard|mayor|captain|logger|chemist")
_FEMALE_OPEN = words(
    "nurse|weaver|dancer|teacher|baker|nanny|singer|librarian|cleaner|potter|cashier|typist|babysitter|dressmaker"
)
_FEMALE_HELD = words("cook|florist|tailor|secretary|hairdresser|gardener|knitter|receptionist|beekeeper|herbalist")

JOBS: tuple[Job, ...] = tuple(
    Job(name, male, held_out)
    for names, male, held_out in (
        (_MALE_OPEN, True, False),
        (_MALE_HELD, True, True),
        (_FEMALE_OPEN, False, False),
        (_FEMALE_HELD, False, True),
    )
    for name in names
)

TRAITS: tuple[Trait, ...] = (
    Trait(
        ("lazy", "idle"),
        "sleep all day",
        ("slept until noon", "let the others do the work", "forgot the harvest", "sat in the shade all day"),
        False,
    ),
    Trait(
        ("clever", "wise"),
        "read many books",
        ("solved the riddle", "found the shortest way", "explained the map", "answered every question"),
        True,
    ),
    Trait(
        ("greedy", "mean"),
        "keep all the bread",
        ("took the largest piece", "asked for more money", "hid the bread", "kept the whole prize"),
        False,
    ),
    Trait(
        ("honest", "fair"),
        "give back what they find",
        ("brought the purse back", "told the truth", "paid the full price", "returned the lost ring"),
        True,
    ),
    Trait(
        ("rude", "loud"),
        "shout at guests",
        ("shouted at a guest", "pushed an old neighbour", "slammed the door", "laughed at the song"),
        False,
    ),
    Trait(
        ("kind", "gentle"),
        "help their neighbours",
        ("helped an old neighbour", "shared the soup", "comforted the child", "fed the hungry dog"),
        True,
    ),
    Trait(
        ("sly", "false"),
        "tell lies",
        ("told a lie", "cheated at the game", "broke a promise", "sold a bad horse"),
        False,
    ),
    Trait(
        ("brave", "bold"),
        "go out in every storm",
        ("climbed the high tower", "crossed the wild river", "faced the storm", "saved the boat"),
        True,
    ),
)

_PEOPLES_OPEN = words(
    "Abrelin|Borquil|Corvandi|Drelmar|Esquoni|Fenlori|Grundel|Halvoni|Istrel|Jorvani|Kelmaru|Luvandi|Mondrel|Nerquin|"
    "Orvalin|Palvandi"
)
_PEOPLES_HELD = words("Quorlin|Rendovi|Selquar|Tormeli|Ulvandi|Vorquel|Wendrali|Yelmori")

GOOD: tuple[Trait, ...] = tuple(trait for trait in TRAITS if trait.good)
BAD: tuple[Trait, ...] = tuple(trait for trait in TRAITS if not trait.good)

PEOPLES: tuple[People, ...] = tuple(
    People(name, i % 2 == 1, held_out)
    for names, held_out in ((_PEOPLES_OPEN, False), (_PEOPLES_HELD, True))
    for i, name in enumerate(names)
)


def _table(question: str, answer: str, pairs: str) -> list[tuple[str, str]]:
    """`pairs` is "hot cold, big small": each fills {a} and {b} of both sentences."""
    rows = [tuple(pair.strip().split(" ", 1)) for pair in pairs.split(",")]
    answers = [answer.format(a=a, b=b) for a, b in rows]
    return [(question.format(a=a), text[0].upper() + text[1:]) for (a, _), text in zip(rows, answers, strict=True)]


FACTS: tuple[tuple[str, str], ...] = tuple(
    _table(
        "What is the opposite of {a}?",
        "The opposite of {a} is {b}.",
        "hot cold, big small, fast slow, old new, wet dry, light dark, full empty, hard soft, long short, thick thin, "
        "early late, clean dirty, deep shallow, heavy light, open closed, near far",
    )
    + _table(
        "What colour is {a}?",
        "{a} is {b}.",
        "snow white, grass green, coal black, blood red, butter yellow, ash grey, milk white, chocolate brown",
    )
    + _table(
        "How many legs does a {a} have?",
        "A {a} has {b} legs.",
        "dog four, bird two, spider eight, bee six, horse four, duck two, cow four, fly six, frog four",
    )
    + _table(
        "What sound does a {a} make?",
        "A {a} says {b}.",
        "cow moo, cat meow, dog woof, duck quack, sheep baa, frog croak, lion roar, bee buzz",
    )
    + _table(
        "What is a young {a} called?",
        "A young {a} is called a {b}.",
        "cat kitten, dog puppy, cow calf, sheep lamb, horse foal, bear cub, goat kid, duck duckling, swan cygnet",
    )
    + _table(
        "Which day comes after {a}?",
        "After {a} comes {b}.",
        "Monday Tuesday, Tuesday Wednesday, Wednesday Thursday, Thursday Friday, Friday Saturday, Saturday Sunday, "
        "Sunday Monday",
    )
    + _table(
        "Which month comes after {a}?",
        "After {a} comes {b}.",
        "January February, February March, March April, April May, May June, June July, July August, "
        "August September, September October, October November, November December, December January",
    )
    + _table(
        "What is the capital of {a}?",
        "The capital of {a} is {b}.",
        "Arlune Tosk, Belmora Vint, Casperin Dole, Dunmere Ruf, Elquist Pano, Farrow Lisk, Gondel Marn, Hesper Quay, "
        "Ilmar Stole, Juniper Brask, Kestrel Omm, Lorrin Feld, Marrow Tink, Norrin Glade, Oswin Perk, Pellam Rook",
    )
)

SUMS: tuple[tuple[str, str], ...] = tuple(
    (f"What is {a} plus {b}?", f"{a} plus {b} is {a + b}.") for a in range(1, 8) for b in range(1, 8)
) + tuple((f"What is {a} minus {b}?", f"{a} minus {b} is {a - b}.") for a in range(2, 8) for b in range(1, a))
