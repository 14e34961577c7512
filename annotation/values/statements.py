"""What the guideline pages show: statements in force, their history, proposals beside what they would change."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.template.loader import render_to_string

from annotation.models import Guideline, Proposal, Topic
from annotation.science.lines import line_diff
from annotation.values import guidelines, markdown
from studio.models import User

VERSIONS_SHOWN = 20
STANDS = {
    "outcome": "under the verdict",
    "categories": "under Categories",
    "severity": "under Severity",
    "spans": "under the answer, while words are marked",
    "rewrite": "with the rewrite",
    "compare": "under the choice between two answers",
    "demonstrate": "with an answer written from nothing",
    "other": "shows only in the whole",
}
"""Where the review screen puts a part, by the question its heading names."""


def overview(topics: QuerySet[Topic]) -> QuerySet[Topic]:
    """The topics with the statement in force and how many proposals wait; two queries."""
    newest = Guideline.objects.filter(topic=OuterRef("topic")).order_by("-version").values("pk")[:1]
    in_force = Guideline.objects.filter(pk=Subquery(newest)).select_related("created_by")
    waiting = Count("proposals", filter=Q(proposals__state=Proposal.State.OPEN))
    return topics.annotate(waiting=waiting).prefetch_related(Prefetch("guidelines", in_force))


def statement(topic: Topic) -> dict[str, Any]:
    """Context of annotation/guideline.html: the statement, and its newest versions with what each changed."""
    versions = list(topic.guidelines.select_related("created_by").order_by("-version")[: VERSIONS_SHOWN + 1])
    pairs = zip(versions, [*versions[1:], None], strict=True)
    history = [{"guideline": new, "lines": line_diff(old.text, new.text) if old else []} for new, old in pairs]
    return {
        "topic": topic,
        "guideline": versions[0] if versions else None,
        "html": markdown.version(versions[0].pk, versions[0].text) if versions else "",
        "history": history[:VERSIONS_SHOWN],
        "waiting": topic.proposals.filter(state=Proposal.State.OPEN).select_related("author"),
    }


def preview(topic: Topic, text: str) -> dict[str, Any]:
    """Context of annotation/_guideline_preview.html; of more than a statement may be, only that it is too long."""
    current = topic.guideline
    text = text.replace("\r\n", "\n")
    if len(text) > guidelines.LONGEST:
        return {"too_long": len(text), "longest": guidelines.LONGEST, "current": current}
    lines = line_diff(current.text if current else "", text)
    return {
        "html": markdown.html(text),
        "headings": [(words, STANDS[field]) for words, field in markdown.headings(text)],
        "lines": lines,
        "current": current,
        "is_empty": not text.strip(),
    }


def for_reader(topic: Topic, user: User) -> dict[str, Any]:
    """What the review screen asks for: the statement in force, and what changed since this person last answered."""
    current, known = topic.guideline, guidelines.last_answered(topic, user)
    changed = None
    if current and known and known.pk != current.pk:
        lines = line_diff(known.text, current.text)
        changed = {"from": known.version, "html": render_to_string("annotation/_guideline_diff.html", {"lines": lines})}
    return {
        "id": topic.pk,
        "name": topic.name,
        "version": current.version if current else None,
        "html": markdown.version(current.pk, current.text) if current else "",
        "changed": changed,
    }


def proposed(topics: QuerySet[Topic], *, state: str, number: Any) -> Page[Proposal]:
    """Proposals about these topics, the newest first; `state` "" for all."""
    found = with_people(topics)
    return Paginator(found.filter(state=state) if state else found, 25).get_page(number)


def with_people(topics: QuerySet[Topic]) -> QuerySet[Proposal]:
    found = Proposal.objects.filter(topic__in=topics)
    return found.select_related("topic__project", "author", "decided_by", "became", "based_on")


def against_force(proposal: Proposal) -> dict[str, Any]:
    """Context of annotation/proposal.html: what it wishes, and what was changed since it was written."""
    current = proposal.topic.guideline
    was, now = (one.text if one else "" for one in (proposal.based_on, current))
    moved = proposal.based_on_id != (current.pk if current else None)
    return {
        "proposal": proposal,
        "topic": proposal.topic,
        "current": current,
        "is_open": proposal.state == Proposal.State.OPEN,
        "html": markdown.html(proposal.text),
        "wished": line_diff(was, proposal.text),
        "since": line_diff(was, now) if moved else [],
    }
