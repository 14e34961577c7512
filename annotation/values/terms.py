"""Verbs: the project's lists of group terms are written, changed, taken away, brought in from a file and taken out."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from annotation.browse.cells import tame, untame
from annotation.models import TermSet
from annotation.science.swaps import holds_any, swaps
from studio import audit
from studio.models import Project, User

LONGEST_NAME, LONGEST_TERM = 120, 200
MOST_TERMS = 2000
"""In one project: each press of the strip's key looks for all of them."""
LOOKED_AT = 1000
"""Prompts, the newest, in which terms are counted."""
EXAMPLES = 3


class BadTerms(Exception):
    """What was written is no list of terms; `problems` says, line by line, why."""

    def __init__(self, problems: Sequence[str]):
        super().__init__(" ".join(problems))
        self.problems = list(problems)


class NameTaken(BadTerms):
    """The project has a list of that name."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the list since it was opened."""


def read_terms(text: str) -> list[str]:
    """One term a line, blanks around it and empty lines left out; raises BadTerms that names every bad line."""
    terms, lines, problems = [], dict[str, int](), []
    for number, line in enumerate(text.splitlines(), 1):
        if not (term := " ".join(line.split())):
            continue
        if problem := what_is_wrong(term):
            problems.append(f"Line {number}: {problem}")
        elif (first := lines.setdefault(term.lower(), number)) != number:
            problems.append(f"Line {number}: “{term}” stands in line {first} already.")
        else:
            terms.append(term)
    if not problems and len(terms) < 2:
        problems = ["A list needs at least two terms: each is put in the place of the others."]
    if problems:
        raise BadTerms(problems)
    return terms


def what_is_wrong(term: str) -> str:
    """The sentence for a term that cannot be one; empty for all others."""
    if len(term) > LONGEST_TERM:
        return f"a term has at most {LONGEST_TERM} characters, this has {len(term)}."
    if "\0" in term:
        return "it holds a character that cannot be kept."
    if not any(letter.isalnum() for letter in term):
        return f"“{term}” has no letter or digit, so it is no word that could be found."
    return ""


@transaction.atomic
def add(project: Project, name: str, terms: Sequence[str], *, actor: User) -> TermSet:
    """A new list."""
    lock(project)
    refuse_too_many(project, len(terms))
    try:
        with transaction.atomic():
            made = TermSet.objects.create(project=project, name=name, terms=list(terms))
    except IntegrityError:
        raise NameTaken([f"There is a list named “{name}” already."]) from None
    audit.record(actor, "added terms", made, terms=len(terms))
    return made


@transaction.atomic
def change(term_set: TermSet, name: str, terms: Sequence[str], *, seen: str, actor: User) -> None:
    """Another name, or other terms; `seen` is the `mark` of the list as the person had it before them."""
    lock(term_set.project)
    now = TermSet.objects.get(pk=term_set.pk)
    if mark(now) != seen:
        raise ChangedMeanwhile(
            "Somebody changed this list since you opened it. What you wrote is still here: compare it with the list "
            "as it is now, then save again."
        )
    refuse_too_many(term_set.project, len(terms) - len(now.terms))
    before, after = set(now.terms), set(terms)
    now.name, now.terms = name, list(terms)
    try:
        with transaction.atomic():
            now.save(update_fields=["name", "terms"])
    except IntegrityError:
        raise NameTaken([f"There is a list named “{name}” already."]) from None
    audit.record(actor, "changed terms", now, added=sorted(after - before)[:50], removed=sorted(before - after)[:50])


@transaction.atomic
def delete(term_set: TermSet, *, actor: User) -> None:
    """Take the list away; what the strip has answered with it stays."""
    audit.record(actor, "deleted terms", term_set, terms=term_set.terms[:200])
    term_set.delete()


def lock(project: Project) -> None:
    """Let those who change a project's lists go one after the other."""
    Project.objects.select_for_update(no_key=True).values_list("pk").get(pk=project.pk)


def refuse_too_many(project: Project, more: int) -> None:
    total = sum(len(terms) for terms in project.term_sets.values_list("terms", flat=True)) + more
    if more > 0 and total > MOST_TERMS:
        raise BadTerms([f"A project's lists have at most {MOST_TERMS} terms in all; with these it would be {total}."])


def mark(term_set: TermSet) -> str:
    """What the list says now, to be compared with what it said when somebody opened it."""
    return json.dumps([term_set.name, term_set.terms], ensure_ascii=False)


# ---------------------------------------------------------------- what the lists find


class Use(NamedTuple):
    """In how many of the newest prompts a list finds anything, and what the strip would then ask."""

    prompts: int
    looked_at: int
    examples: list[tuple[str, str]]


def use_of(project: Project, lists: Iterable[Sequence[str]]) -> list[Use]:
    """For each of `lists` its use, by one query."""
    newest = project.prompts.order_by("-pk").values_list("text", flat=True)[:LOOKED_AT]
    texts = list(newest)
    return [_use(texts, terms) for terms in lists]


def _use(texts: list[str], terms: Sequence[str]) -> Use:
    hits = [text for text in texts if holds_any(text, terms)]
    examples = [(text, swap.apply(text)) for text in hits[:EXAMPLES] for swap in swaps(text, [terms], most=1)]
    return Use(len(hits), len(texts), examples)


# ---------------------------------------------------------------- files


@dataclass
class Brought:
    """What a file changed."""

    added: int = 0
    changed: int = 0
    same: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.added} lists added, {self.changed} changed, {self.same} were as they are."


def as_json(project: Project) -> str:
    """All lists, as `bring_in` reads them."""
    rows = [{"name": one.name, "terms": one.terms} for one in project.term_sets.all()]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def as_csv(project: Project) -> str:
    """The same as a table with a row for each term, none of which a spreadsheet takes for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", "term"])
    writer.writerows([tame(one.name), tame(term)] for one in project.term_sets.all() for term in one.terms)
    return out.getvalue()


@transaction.atomic
def bring_in(project: Project, content: bytes, *, actor: User) -> Brought:
    """Take over the lists of a file in one of the two forms; those of the same name become what the file says.

    All or nothing: raises BadTerms that names what is wrong, and where.
    """
    lists = read_file(content)
    report, problems = Brought(), []
    for name, text in lists.items():
        try:
            terms = read_terms(text)
            old = project.term_sets.filter(name=name).first()
            if old is None:
                add(project, name, terms, actor=actor)
                report.added += 1
            elif old.terms == terms:
                report.same += 1
            else:
                change(old, name, terms, seen=mark(old), actor=actor)
                report.changed += 1
        except BadTerms as error:
            problems += [f"“{name}”: {problem}" for problem in error.problems]
    if problems:
        raise BadTerms(problems[:20])
    return report


def read_file(content: bytes) -> dict[str, str]:
    """Name to terms, one a line; raises BadTerms."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadTerms(["The file is not UTF-8 text."]) from None
    rows = _json_rows(text) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text)
    lists: dict[str, list[str]] = {}
    for place, name, terms in rows:
        name = " ".join(name.split()).replace("\0", "")
        if not name or len(name) > LONGEST_NAME:
            raise BadTerms([f"{place}: a list needs a name of at most {LONGEST_NAME} characters."])
        lists.setdefault(name, []).extend(terms)
    if not lists:
        raise BadTerms(["The file holds no list."])
    return {name: "\n".join(" ".join(term.split()) for term in terms) for name, terms in lists.items()}


Rows = Iterable[tuple[str, str, list[str]]]


def _json_rows(text: str) -> Rows:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTerms([f"The file is not valid JSON: {error}."]) from None
    for number, row in enumerate(found if isinstance(found, list) else [found], 1):
        fits = isinstance(row, dict) and isinstance(row.get("name"), str) and isinstance(row.get("terms"), list)
        if not fits or not all(isinstance(term, str) for term in row["terms"]):
            raise BadTerms([f'List {number}: expected {{"name": a text, "terms": [texts]}}.'])
        yield f"List {number}", row["name"], row["terms"]


def _csv_rows(text: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            if not any(cell.strip() for cell in row) or [cell.strip().lower() for cell in row] == ["name", "term"]:
                continue
            if len(row) != 2:
                raise BadTerms(
                    [f"Line {reader.line_num}: expected a list's name and one term, found {len(row)} cells."]
                )
            yield f"Line {reader.line_num}", untame(row[0]), [untame(row[1])]
    except csv.Error as error:
        raise BadTerms([f"Line {reader.line_num}: not a CSV file ({error})."]) from None
