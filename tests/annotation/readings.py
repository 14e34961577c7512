"""Many people's answers at once, for pages and numbers that need them."""

import random
import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from annotation.models import Answer, Category, Generation, Item, Seat, Span, Topic
from studio.models import Background, Project, Role, User
from tests.cast import Cast, join, make_prompt, make_user, make_version


def read(item: Item, said: dict[User, str], *, purpose: str = "work", **fields: Any) -> list[Answer]:
    """`item`, answered by these people in these words."""
    answers = []
    for position, (person, outcome) in enumerate(said.items(), start=item.seats.count()):
        seat = Seat.objects.create(
            project=item.project,
            item=item,
            position=position,
            status=Seat.Status.ANSWERED,
            holder=person,
            lease_ends_at=timezone.now(),
            purpose=purpose,
        )
        more = {"severity": 2, "rewrite": "People differ."} if outcome == "biased" else {}
        answers.append(
            Answer.objects.create(
                key=uuid.uuid4(), seat=seat, item=item, annotator=person, outcome=outcome, **{**more, **fields}
            )
        )
    return answers


def bare_item(cast: Cast, **fields: Any) -> Item:
    """An item without seats: `read` makes one for each reader."""
    item = cast.item(**fields)
    item.seats.all().delete()
    return item


def busy(cast: Cast, *, items: int = 120, people: int = 12, weeks: int = 8, seed: int = 1) -> list[User]:
    """Weeks of work of many: two model versions, topics, categories, spans, comparisons, a background of five."""
    source = random.Random(seed)
    project: Project = cast.project
    crowd = [join(make_user(f"reader-{i:02}"), project, Role.ANNOTATOR) for i in range(people)]
    names = ["Ama Boateng", "Lena Fischer", "Nadia Haddad", "José Álvarez", "Mei Tan", "Oluwaseun Adeyemi-Okonkwo"]
    for person, name in zip(crowd, names, strict=False):
        person.first_name, person.last_name = name.split(" ", 1)
        person.save()
    background = Background.objects.create(project=project, name="Grew up elsewhere")
    for person in crowd[:5]:
        person.memberships.get(project=project).backgrounds.add(background)
    kinds = [
        cast.category,
        *(
            Category.objects.create(project=project, slug=f"kind-{i}", name=name, position=i)
            for i, name in enumerate(("Erasure", "Loaded wording", "Unequal detail of description"), start=2)
        ),
    ]
    topics = [cast.topic, *(Topic.objects.create(project=project, slug=s, name=n) for s, n in TOPICS)]
    versions = [make_version(project, 0), make_version(project, 1, live=True)]
    for number in range(items):
        asked_at = timezone.now() - timedelta(days=7 * weeks * (1 - (number + 1) / items))
        one_item(cast, source, number, asked_at, crowd, kinds, topics, versions)
    for _ in range(9):
        cast.item(version=versions[1])
    return crowd


TOPICS = (("origin", "Where people come from"), ("age", "Age and ability"))


def one_item(
    cast: Cast, source: random.Random, number: int, at: Any, crowd: Any, kinds: Any, topics: Any, versions: Any
):
    version = versions[number * 2 > 100]
    group = source.choice(["nurses", "miners", "cleaners", "the Borquil"])
    prompt = make_prompt(cast.project, topic=source.choice(topics), metadata={"group": group})
    text = f"{group.capitalize()} are caring women, and they rarely lead anything at all. ({number})"
    generation = Generation.objects.create(
        prompt=prompt, version=version, model_name=str(version), text=text, seed=number
    )
    item = Item.objects.create(project=cast.project, prompt=prompt, generation=generation, created_at=at)
    truth = source.random() < (0.7 if version.number == 0 else 0.35)
    for position, person in enumerate(source.sample(crowd, 3)):
        flip = 0.35 if person in crowd[:5] else 0.12
        yes = truth if source.random() > flip else not truth
        (answer,) = read(
            item,
            {person: "biased" if yes else source.choice(["fine"] * 9 + ["cannot_judge"])},
            created_at=at,
            active_ms=int(source.lognormvariate(9.8, 0.5)),
            **({"severity": source.choice([1, 2, 2, 3]), "rewrite": rewritten(text, source)} if yes else {}),
        )
        assert position < 3
        if yes:
            answer.categories.add(*source.sample(kinds, source.choice([1, 1, 2])))
            start = source.choice([0, 8, 12])
            Span.objects.create(answer=answer, start=start, end=start + source.choice([6, 12]))


def rewritten(text: str, source: random.Random) -> str:
    return text.replace("caring women", source.choice(["people", "all kinds of people", "men and women"]))
