"""Verb of the person who answered: say it otherwise, as a new answer beside the old one, until it is frozen."""

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Answer, Guideline, Seat, Verdict
from annotation.queue.shapes import BadShape, Said
from annotation.queue.turn import lock
from annotation.submit import KeyTaken, agree, as_meant, check_against, why_final, write
from studio.models import Project, User


class CorrectionRefused(Exception):
    """The answer stands as it is."""


@transaction.atomic
def correct(project: Project, user: User, key: uuid.UUID, said: Said, *, new_key: uuid.UUID) -> Answer:
    """Put `said` in the place of `user`'s answer `key`: a new row that `replaces` it; the old one stays as it was.

    `said` may speak of left and right, as the page of this seat does, or of the item's own first and second. The
    verdict follows: a single reader's is theirs, an agreement is asked for again, and may become a dispute. A frozen
    answer stays in its snapshots; a freeze that read it before finds the verdict gone and begins anew, unless both end
    in the same instant.

    Two corrections at once: the second waits at the item's lock and is then told of the first. The same `new_key`
    again returns the answer that it made. Raises CorrectionRefused, KeyTaken, BadShape; Answer.DoesNotExist for what is
    not this person's answer in this project.
    """
    mine = Answer.objects.filter(annotator=user, item__project=project, seat__isnull=False)
    answer = mine.select_related("item__generation", "item__other", "item__prompt", "seat").get(key=key)
    assert answer.seat is not None  # asked for above
    lock(answer.item_id)
    answer.refresh_from_db(fields=["undone_at"])  # another tab may have come first
    before = Answer.objects.filter(key=new_key).first()
    if before is not None:
        return same_again(before, answer)
    refuse_what_stands(answer)
    meant = as_meant(said, answer.seat.pk)
    item = answer.item
    check_against(project, meant, item.text, mode=item.mode, other=item.other.text if item.other else "")
    guideline = guideline_of(answer, meant)
    if not Answer.objects.standing().filter(pk=answer.pk).update(undone_at=timezone.now()):
        raise CorrectionRefused(_("This answer was changed in another tab just now. Reload the page to see how."))
    Verdict.objects.filter(item=answer.item_id).delete()
    new = write(answer.item_id, user, meant, key=new_key, seat=answer.seat.pk, guideline=guideline, replaces=answer)
    agree(answer.item_id)
    return new


def same_again(before: Answer, answer: Answer) -> Answer:
    """The page sent a correction twice: tell it again, double nothing."""
    if before.replaces_id != answer.pk:
        raise KeyTaken(_("Another answer was sent with the same key. Reload the page and send yours again."))
    return before


def refuse_what_stands(answer: Answer) -> None:
    assert answer.seat is not None
    if answer.undone_at is not None:
        changed = Answer.objects.filter(replaces=answer).exists()
        raise CorrectionRefused(
            _("You have corrected this answer already: correct the newer one.")
            if changed
            else _("This answer was taken back, so there is nothing to correct.")
        )
    if answer.seat.purpose != Seat.Purpose.WORK:
        raise CorrectionRefused(_("The answer to this item was known before, so yours stands as you gave it."))
    if sentence := why_final(answer.item):
        raise CorrectionRefused(sentence)


def guideline_of(answer: Answer, said: Said) -> int | None:
    """The version of the values statement that was shown with the correction; none said: the one before."""
    if said.guideline is None:
        return answer.guideline_id
    shown = Guideline.objects.filter(topic=answer.item.prompt.topic_id, version=said.guideline).first()
    if shown is None:
        raise BadShape("guideline", _("This version of the guideline does not belong to the item's topic."))
    return shown.pk
