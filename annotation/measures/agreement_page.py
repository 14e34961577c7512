"""What the agreement page shows of the newest reports, and what is downloaded of them. Only reads."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from annotation.browse.cells import tame
from annotation.measures import pictures, reports
from annotation.measures.questions import COHEN, DISTANCES, QUESTIONS, TEXTS
from annotation.models import Report
from studio.models import SMALLEST_GROUP, Project, User

COEFFICIENTS = {
    "alpha": "Krippendorff’s α",
    "percent": "Percent agreement",
    "fleiss": "Fleiss’ κ",
    "ac1": "Gwet’s AC1",
}
FEW_ROWS = 20
"""So many pairs stand on the page as they are; a longer table scrolls by itself."""
ASKED = 300
"""Seconds for which the page waits for a report that was asked for."""
Row = dict[str, Any]


def waiting(project: Project, report: Report | None) -> str:
    """Key of the cache under which the page waits for the report after this one."""
    return f"agreement-asked/{project.pk}/{report.pk if report else 0}"


def asked(project: Project) -> bool:
    """Remember that somebody asked for a new report, so that the page can wait for it; False where one is awaited."""
    return bool(cache.add(waiting(project, reports.newest(project, "agreement")), True, ASKED))


def not_asked(project: Project) -> None:
    """Nobody was there to hear it."""
    cache.delete(waiting(project, reports.newest(project, "agreement")))


def pending(project: Project, report: Report | None) -> bool:
    """Was a newer report asked for, and is it not there yet?"""
    return bool(cache.get(waiting(project, report)))


def state(project: Project) -> dict[str, Any]:
    """The part that renews itself while a report is awaited."""
    report = reports.newest(project, "agreement")
    return {"project": project, "report": report, "pending": pending(project, report)}


def page(project: Project, *, question: str = "") -> dict[str, Any]:
    """Everything on the page; without a report, what is missing."""
    found = state(project)
    report: Report | None = found["report"]
    if report is None or not report.data["items"]:
        return {**found, "measured": False, "single": single(project)}
    data, names = report.data, category_names(project)
    asked_for = question if question in (*data["questions"], *TEXTS) else next(iter(shown(data)), "")
    of_pairs = reports.newest(project, "pairs")
    listed = pairs(of_pairs.data, asked_for) if of_pairs else []
    return {
        **found,
        "measured": True,
        "data": data,
        "questions": [figures_of(name, data["questions"][name]) for name in shown(data)],
        "categories": categories(data, names),
        "question": asked_for,
        "choices": [(name, title(name, names)) for name in (*shown(data), *TEXTS)],
        "kinds": kinds(data, names) if asked_for.startswith("categor") else [],
        "chart": pictures.by_week(data, asked_for, title(asked_for, names)),
        "texts": TEXTS,
        "pairs_data": of_pairs.data if of_pairs else None,
        "pairs": listed,
        "figure_of_two": QUESTIONS[asked_for].of_two if asked_for in QUESTIONS else COHEN,
        "in_percent": asked_for == "rewrites",
        "any_pair": any(pair["figure"]["value"] is not None or "percent" in pair for pair in listed),
        "long": len(listed) > FEW_ROWS,
        "groups": [{**group, "says": group_says(group)} for group in data["groups"]["shown"]],
        "groups_at": datetime.fromisoformat(data["groups"]["at"]),
        "smallest": SMALLEST_GROUP,
        "attention": attention(project),
    }


def single(project: Project) -> bool:
    """Is one reader enough everywhere, so that nobody can agree?"""
    return project.overlap == 1 and not project.topics.filter(overlap__gt=1).exists()


def shown(data: Row) -> list[str]:
    """The questions that were asked, in the order of the page; single categories have a table of their own."""
    return [name for name in DISTANCES if name in data["questions"]]


def title(question: str, names: dict[str, str]) -> str:
    slug = question.removeprefix("category:")
    return QUESTIONS[question].title if question in QUESTIONS else f"Category: {names.get(slug, slug)}"


def kinds(data: Row, names: dict[str, str]) -> list[tuple[str, str]]:
    """(question, word) of all categories as a set, and of each alone."""
    each = ((f"category:{slug}", name) for slug, name in names.items())
    return [("categories", "all as a set"), *(one for one in each if one[0] in data["questions"])]


def category_names(project: Project) -> dict[str, str]:
    return dict(project.categories.values_list("slug", "name"))


def figures_of(question: str, found: Row) -> Row:
    """One question: its coefficients, and what they say in a sentence."""
    listed = [
        {"name": name, "share": key == "percent", **found[key]} for key, name in COEFFICIENTS.items() if key in found
    ]
    return {
        "key": question,
        "title": QUESTIONS[question].title,
        "asks": QUESTIONS[question].asks,
        "distance": DISTANCES[question].replace("masi", "MASI distance"),
        "figures": listed if found["alpha"]["n"] else [],  # where nothing can be compared, the sentence says why
        "n": found["alpha"]["n"],
        "method": found["alpha"].get("method", ""),
        "says": says(found["alpha"]),
        "commonest": found["commonest"],
    }


def says(alpha: Row) -> str:
    """What an alpha with its interval says; no threshold tells good from bad."""
    if alpha["value"] is None:
        return f"Not defined: {alpha['reason']}."
    low, high = alpha.get("low"), alpha.get("high")
    if low is None or high is None:
        return f"From {alpha['n']} items only: too few to tell agreement from chance."
    if high < 0:
        return "Readers differ more than chance would have it: they may read the question in opposite ways."
    if low <= 0:
        return f"{alpha['n']} items cannot tell this from agreement by chance."
    return f"Readers agree beyond chance: {100 * alpha['value']:.0f} % of the way from chance to always."


def categories(data: Row, names: dict[str, str]) -> list[Row]:
    """One line per category, in the project's order."""
    lines = []
    for slug, name in names.items():
        found = data["questions"].get(f"category:{slug}")
        if found is not None and found["alpha"]["n"]:
            lines.append({"name": name, **found})
    return lines


def pairs(data: Row, question: str) -> list[Row]:
    """How far every two people agree on one question, by name and in the order of names: a list to look somebody up
    in, not to rank by."""
    wanted = {person for pair in data["pairs"] for person in pair["people"]}
    names = {user.pk: user.display_name for user in User.objects.filter(pk__in=wanted)}
    lines = [
        {
            **pair["figures"][question],
            "names": sorted((names.get(pk, "somebody who left") for pk in pair["people"]), key=str.casefold),
        }
        for pair in data["pairs"]
        if question in pair["figures"]
    ]
    return sorted(lines, key=lambda line: [name.casefold() for name in line["names"]])


def group_says(group: Row) -> str:
    """Whether a group and the rest see the same, in a sentence."""
    shift = group["difference"]
    if shift["value"] is None:
        return f"Not defined: {shift['reason']}."
    points = round(100 * abs(shift["value"]))
    much = (
        f"about {points} points {'more' if shift['value'] > 0 else 'less'} often than"
        if points
        else "about as often as"
    )
    chance = "below 0.05: chance alone would rarely" if shift["rare"] else "not below 0.05: chance alone would often"
    return (
        f"At the same items they said biased {much} the others (permutation test over people, p {chance} make such a "
        "difference)."
    )


def attention(project: Project) -> Row | None:
    """What the annotator models say, by pseudonym, with whose low number shares a view."""
    report = reports.newest(project, "annotators")
    if report is None or "people" not in report.data:
        return None
    kind = {who: circle for circle in report.data["circles"] for who in circle["who"]}
    people = [{**person, "circle": kind.get(person["who"])} for person in report.data["people"]]
    return {**report.data, "at": report.at, "people": sorted(people, key=lambda person: person["who"])}


def download(project: Project, report: Report, form: str) -> str:
    """The newest report as JSON or CSV, without the pairs of people.

    They are a report of their own, which the page shows by name: a file with the same numbers under pseudonyms would
    say whose pseudonym is whose.
    """
    data = report.data
    extra = reports.newest(project, "annotators")
    if form == "json":
        whole = {"project": project.slug, "at": report.at.isoformat(), "agreement": data}
        return json.dumps({**whole, "annotators": extra.data if extra else None}, indent=1, ensure_ascii=False)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["what", "of", "figure", "value", "low", "high", "n", "reason"])
    for what, of, figure, one in flat(data):
        numbers = [one.get(key, "") for key in ("value", "low", "high", "n")]
        writer.writerow([what, tame(of), figure, *("" if n is None else n for n in numbers), one.get("reason", "")])
    return out.getvalue()


def flat(data: Row) -> Iterator[tuple[str, str, str, Row]]:
    """(what, of what, figure, its numbers) of everything that was measured."""
    for question, found in data["questions"].items():
        yield from (("question", question, key, found[key]) for key in COEFFICIENTS if key in found)
    for part in TEXTS:
        yield from ((part, "", key, one) for key, one in data[part].items() if isinstance(one, dict))
    for group in data["groups"]["shown"]:
        yield from (("group", group["name"], key, group[key]) for key in ("within", "rest", "between", "difference"))
        if "rare" in group["difference"]:
            yield (
                "group",
                group["name"],
                "difference p below 0.05",
                {"value": "yes" if group["difference"]["rare"] else "no"},
            )
    for week, asked_then in data["weeks"].items():
        for question, found in asked_then.items():
            yield from (("week", f"{week} {question}", key, one) for key, one in found.items())


def file_name(project: Project, form: str) -> str:
    return f"{project.slug}-agreement-{timezone.now():%Y-%m-%d}.{form}"
