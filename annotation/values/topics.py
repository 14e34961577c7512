"""Who reads which topics: those a curator named, less those who would rather not. Verbs that change both."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.models import Draft, Seat, Topic
from studio import audit
from studio.models import Membership, Project, Role, User


def closed_to(user: User | OuterRef, project: Project) -> QuerySet[Topic]:
    """Topics of which this person gets no items: others are named as readers, or they opted out themselves.

    The person may be a column of a query around this one; it stands two queries up.
    """
    left = Topic.opted_out.through.objects.filter(topic=OuterRef("pk"), membership__user=user)
    return Topic.objects.filter(Exists(left) | for_others(user), project=project)


def for_others(user: User | OuterRef) -> Q:
    """Of topics: readers are named, and this person is none of them."""
    named = Topic.readers.through.objects.filter(topic=OuterRef("pk"))
    return Q(Exists(named) & ~Exists(named.filter(membership__user=user)))


def shown_to(user: User, project: Project, role: Role) -> QuerySet[Topic]:
    """Topics whose values statement and proposals this person may see: curators all; others none for which others are
    named, but for one of which they still have an item before them. Whoever opted out may read on."""
    if role.may_curate:
        return project.topics.all()
    holds = Seat.objects.held_by(user).filter(project=project, topic=OuterRef("pk"))
    return project.topics.filter(~for_others(user) | Exists(holds))


@transaction.atomic
def opt(topic: Topic, user: User, *, out: bool) -> int:
    """Stop getting items of `topic`, or get them again; the number of seats that were given back.

    What is held in this person's name and not begun goes back to the others at once; what they have begun stays. What
    was kept for them is for everybody; where the answer is known it was theirs alone, and ends.
    Nobody is told why, and it is in no book: this is each person's own.
    """
    membership = Membership.objects.filter(project=topic.project_id, user=user).first()
    if membership is None:
        raise Membership.DoesNotExist("Only members of a project choose their topics.")
    if not out:
        topic.opted_out.remove(membership)
        return 0
    topic.opted_out.add(membership)
    begun = Draft.objects.filter(item=OuterRef("item"), user=user)
    here = Seat.objects.filter(project=topic.project_id, topic=topic, status=Seat.Status.OPEN)
    given_back = here.filter(~Exists(begun), holder=user).update(holder=None, lease_ends_at=None)
    kept = here.filter(reserved_for=user)
    kept.filter(purpose=Seat.Purpose.WORK).update(reserved_for=None)
    kept.filter(holder=None).exclude(purpose=Seat.Purpose.WORK).update(status=Seat.Status.RETIRED)
    return given_back


@transaction.atomic
def name_readers(topic: Topic, members: Iterable[Membership], *, actor: User) -> None:
    """Let exactly these members have items of `topic`; nobody named: everybody."""
    wanted = [member for member in members if member.project_id == topic.project_id]
    before = sorted(member.user.username for member in topic.readers.select_related("user"))
    after = sorted(member.user.username for member in wanted)
    if before != after:
        topic.readers.set(wanted)
        audit.record(actor, "named readers", topic, project=topic.project, before=before, after=after)


@transaction.atomic
def change_warning(topic: Topic, warning: str, *, actor: User) -> None:
    """What is said before the first item of `topic`; empty: nothing."""
    before = Topic.objects.select_for_update().get(pk=topic.pk).warning
    if before != warning:
        Topic.objects.filter(pk=topic.pk).update(warning=warning)
        audit.record(actor, "changed warning", topic, project=topic.project, before=before, after=warning)
