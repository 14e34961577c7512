"""The audit book as people read it: what was asked for, page by page, in words and with links. Only reads."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.urls import reverse
from django.utils import timezone

from annotation.browse.bulk.bulk_verbs import VERBS
from annotation.browse.cells import tame
from annotation.models import Guideline, Item, Proposal, TermSet, Topic
from studio.models import AuditEntry, User
from studio.settings_form import SettingsForm
from training.models import Round, Snapshot

PAGE = 50
RECENT = 20_000
"""What people and deeds there are to ask for is taken from so many of the newest entries."""
LONGEST = 300
STUDIO = "-"
"""In the address: what nobody did, but the studio by itself."""

WORDS = {
    "founded project": "created the project",
    "changed taxonomy": "changed the categories",
    "changed overlap": "changed how many read each item of",
    "named readers": "chose who reads",
    "changed warning": "changed the content warning of",
    "let try again": "let try the onboarding again:",
}
"""Deeds in other words than the rows hold."""
LABELS = {
    "old": "before",
    "new": "after",
    "bad_count": "lines left out",
    "aborted": "stopped at a bad line",
    "count": "items",
}
IDS = {"user", "invitation", "promotion", "answer", "bad"}
"""Parts of an entry that programs look for and people cannot read."""

FINDS: dict[str, tuple[Any, str, str]] = {
    "annotation.Item": (Item, "annotation:item", "uuid"),
    "annotation.Topic": (Topic, "annotation:statement", "pk"),
    "annotation.Guideline": (Guideline, "annotation:statement", "topic_id"),
    "annotation.Proposal": (Proposal, "annotation:proposal", "pk"),
    "annotation.TermSet": (TermSet, "annotation:term-set", "pk"),
    "training.Round": (Round, "training:round", "number"),
    "training.Snapshot": (Snapshot, "training:snapshot", "digest"),
}
"""The page of a thing, and the column that names it there; what is gone has none."""
LISTS = {
    "studio.Membership": "members",
    "studio.Invitation": "invitations",
    "training.ModelVersion": "training:versions",
}
NOUNS = {"annotation.Item": "item", "training.Snapshot": "snapshot", "annotation.Topic": "topic"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words; `url` is empty where there is no page, `target` where the deed says it all."""

    entry: AuditEntry
    deed: str
    noun: str
    target: str
    url: str
    details: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first, and the ids its neighbours begin at."""

    lines: list[Line]
    newer: int | None
    older: int | None


def wanted(
    entries: QuerySet[AuditEntry],
    *,
    person: str = "",
    deed: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEntry]:
    """Those that one person did (STUDIO: nobody), of one kind, in days of which both ends count."""
    if person:
        entries = entries.filter(actor=None) if person == STUDIO else entries.filter(actor__username=person)
    if deed:
        entries = entries.filter(verb=deed)
    if since:
        entries = entries.filter(at__gte=_midnight(since))
    if until:
        entries = entries.filter(at__lt=_midnight(until + timedelta(days=1)))
    return entries


def choices(entries: QuerySet[AuditEntry]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(people, deeds) that the newest entries know, as a form offers them."""
    edge = entries.order_by("-pk").values_list("pk", flat=True)[RECENT : RECENT + 1].first()
    pairs = (entries.filter(pk__gt=edge) if edge else entries).order_by().values_list("actor", "verb").distinct()
    actors, verbs = {actor for actor, _ in pairs}, {verb for _, verb in pairs}
    people = User.objects.filter(pk__in=actors - {None}).order_by("username")
    studio = [(STUDIO, "the studio")] if None in actors else []
    deeds = sorted(((verb, deed_of(verb).rstrip(":")) for verb in verbs), key=lambda pair: pair[1].lower())
    return [(user.username, user.display_name) for user in people] + studio, deeds


def page(entries: QuerySet[AuditEntry], *, before: int | None = None, after: int | None = None) -> Page:
    """A page by its neighbour's id, so that a page far back costs what the first one costs."""
    rows = entries.select_related("actor", "project")
    if after:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        more, shown = len(found) > PAGE, found[:PAGE][::-1]
        newer, older = more, True
    else:
        found = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: PAGE + 1])
        newer, older, shown = bool(before), len(found) > PAGE, found[:PAGE]
    return Page(
        lines=lines(shown),
        newer=shown[0].pk if shown and newer else None,
        older=shown[-1].pk if shown and older else None,
    )


def lines(entries: list[AuditEntry]) -> list[Line]:
    places = _places(entries)
    return [
        Line(
            entry=entry,
            deed=deed_of(entry.verb),
            noun=NOUNS.get(entry.target_type, ""),
            target=target_of(entry, places),
            url=places.get((entry.target_type, entry.target_id), ("", ""))[0],
            details=details_of(entry),
        )
        for entry in entries
    ]


def as_csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """All of `entries` as the lines of a file, newest first; only a few are in memory."""
    writer = csv.writer(_Line())
    yield writer.writerow(("when", "who", "did", "project", "kind", "to", "why", "details"))
    for entry in entries.select_related("actor", "project").order_by("-pk").iterator(chunk_size=500):
        kind, details = entry.target_type, "; ".join(f"{label}: {text}" for label, text in details_of(entry))
        who, project = (
            entry.actor.username if entry.actor else "the studio",
            entry.project.slug if entry.project else "",
        )
        texts = (who, entry.verb, project, kind, entry.target_name, entry.reason, details)
        yield writer.writerow((entry.at.isoformat(timespec="seconds"), *map(tame, texts)))


class _Line:
    """What a csv writer writes to, to have the line back."""

    def write(self, text: str) -> str:
        return text


def deed_of(verb: str) -> str:
    """What was done, in words: "settled", "did “Retire” to many items"."""
    undid, _, name = verb.rpartition("bulk: ")
    if "bulk: " in verb:
        label = VERBS[name].label if name in VERBS else name
        return f"took “{label}” of many items back" if undid else f"did “{label}” to many items"
    return WORDS.get(verb, verb)


def target_of(entry: AuditEntry, places: dict[tuple[str, str], tuple[str, str]]) -> str:
    """What it was done to; nothing where that is the project, or said by the deed."""
    if entry.target_type in ("studio.Project", "annotation.BulkAction"):
        return ""
    return places.get((entry.target_type, entry.target_id), ("", ""))[1] or entry.target_name


def details_of(entry: AuditEntry) -> list[tuple[str, str]]:
    """The rest of an entry, as pairs of a label and a value."""
    found = []
    for name, value in entry.data.items():
        if name == "changes" and isinstance(value, dict):
            found += [(_setting(key), f"{words(pair[0])} → {words(pair[1])}") for key, pair in value.items()]
        elif name not in IDS and value not in (None, "", [], {}):
            found.append((_label(name), words(value[:12] if name == "snapshot" else value)))
    return found


def words(value: Any) -> str:
    """A value out of JSON as a person would write it down."""
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        text = ", ".join(map(words, value))
    elif isinstance(value, dict):
        text = ", ".join(f"{_label(name)} {words(inner)}" for name, inner in value.items())
    else:
        text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))


def _setting(name: str) -> str:
    field = SettingsForm.base_fields.get(name)
    return str(field.label) if field and field.label else _label(name).capitalize()


def _places(entries: Iterable[AuditEntry]) -> dict[tuple[str, str], tuple[str, str]]:
    """{(type, id): (its page, its name there)}, with one query for each kind of thing."""
    slugs: dict[str, dict[str, str]] = defaultdict(dict)
    for entry in entries:
        if entry.project is not None:
            slugs[entry.target_type][entry.target_id] = entry.project.slug
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, ids in slugs.items():
        if kind in LISTS:
            found |= {(kind, pk): (reverse(LISTS[kind], args=[slug]), "") for pk, slug in ids.items()}
        elif kind in FINDS:
            model, door, column = FINDS[kind]
            rows = model.objects.filter(pk__in=[pk for pk in ids if pk.isdecimal()])
            asked = {"asked": Left("prompt__text", 80)} if model is Item else {}
            for row in rows.values("pk", column, **asked):
                url = reverse(door, args=[ids[str(row["pk"])], row[column]])
                found[kind, str(row["pk"])] = (url, f"“{row['asked']}”" if asked else "")
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
