"""Machine's verb: remove the checkpoints of rounds that nobody will go on with."""

import fcntl
import logging
import shutil

from training.models import Round, State

logger = logging.getLogger(__name__)


def drop_checkpoints(round: Round) -> bool:
    """Remove the checkpoints of `round`, which rests; False, and nothing done, while a process works in its folder.

    A training process holds the folder's lock for as long as it lives (see `child.run`), so holding it here means
    that nothing writes there.
    """
    checkpoints = round.folder / "checkpoints"
    if not checkpoints.is_dir():
        return True
    with (round.folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("%s: a process still works in %s", round, round.folder)
            return False
        lock.truncate(0)  # the id in it is of a process long gone: nobody must end another by it while we hold the lock
        shutil.rmtree(checkpoints, ignore_errors=True)
    return not checkpoints.exists()


def drop_older_checkpoints(round: Round) -> None:
    """After the verdict on `round`, those of the project's earlier rounds that came to no verdict."""
    for older in Round.objects.filter(
        project=round.project_id, number__lt=round.number, state__in=(State.FAILED, State.CANCELLED)
    ):
        drop_checkpoints(older)
