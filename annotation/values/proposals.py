"""Verb: a reader proposes another statement; a curator accepts it, as a new version, or declines with a reason."""

from django.db import transaction
from django.utils import timezone

from annotation.models import Guideline, Notice, Proposal, Topic
from annotation.values import guidelines
from studio import audit
from studio.models import User


class NothingProposed(Exception):
    """The proposed text is the statement in force."""


class AlreadyDecided(Exception):
    """Another curator was first."""


class NoReason(Exception):
    """Who proposed something is told why it is declined."""


@transaction.atomic
def propose(topic: Topic, text: str, reason: str, *, actor: User, seen: int) -> Proposal:
    """Keep `text` as a proposal against version `seen` (0: none) of the topic's statement."""
    current = topic.guideline
    if current is not None and current.text == text:
        raise NothingProposed(f"This is what version {current.version} says: change something in it.")
    based_on = topic.guidelines.filter(version=seen).first()
    proposal = Proposal.objects.create(topic=topic, based_on=based_on, text=text, reason=reason, author=actor)
    audit.record(actor, "proposed guideline", proposal, project=topic.project, reason=reason)
    return proposal


@transaction.atomic
def accept(proposal: Proposal, text: str, *, actor: User, seen: int, remark: str = "") -> Guideline:
    """Put `text`, the proposed one or what the curator made of it, in force; `seen`: the version the curator saw."""
    take(proposal, Proposal.State.ACCEPTED, remark, actor=actor)
    guideline = guidelines.change(proposal.topic, text, actor=actor, seen=seen)  # its refusals undo the line above
    Proposal.objects.filter(pk=proposal.pk).update(became=guideline)
    audit.record(actor, "accepted proposal", proposal, project=proposal.topic.project, version=guideline.version)
    edited = "" if text == proposal.text else ", with changes"
    tell_author(proposal, f"was accepted{edited}: version {guideline.version} is in force.", remark, actor=actor)
    return guideline


@transaction.atomic
def decline(proposal: Proposal, reason: str, *, actor: User) -> None:
    if not reason.strip():
        raise NoReason("Say why: the person who proposed it reads it.")
    take(proposal, Proposal.State.DECLINED, reason, actor=actor)
    audit.record(actor, "declined proposal", proposal, project=proposal.topic.project, reason=reason)
    tell_author(proposal, "was declined.", reason, actor=actor)


def take(proposal: Proposal, state: Proposal.State, decision: str, *, actor: User) -> None:
    """Of two curators who decide in the same second this statement lets one through."""
    untouched = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.OPEN)
    if untouched.update(state=state, decision=decision, decided_by=actor, decided_at=timezone.now()) != 1:
        raise AlreadyDecided("This proposal is decided already: what you wrote was not applied.")


def tell_author(proposal: Proposal, what: str, remark: str, *, actor: User) -> None:
    if proposal.author_id == actor.pk:
        return
    text = f"Your proposal for “{proposal.topic}” {what}" + (f" {remark}" if remark else "")
    project = proposal.topic.project
    Notice.objects.create(project=project, user=proposal.author, kind=Notice.Kind.PROPOSAL, text=text)
