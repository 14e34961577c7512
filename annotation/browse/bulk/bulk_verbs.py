"""The bulk actions that there are, by the names that addresses, rows and the audit trail keep."""

from annotation.browse.bulk.assign import ASSIGN
from annotation.browse.bulk.collect import COLLECT
from annotation.browse.bulk.mark_gold import MARK_GOLD
from annotation.browse.bulk.requeue import REQUEUE
from annotation.browse.bulk.retire import RETIRE
from annotation.browse.bulk.uncollect import UNCOLLECT

VERBS = {
    "requeue": REQUEUE,
    "retire": RETIRE,
    "assign": ASSIGN,
    "gold": MARK_GOLD,
    "collect": COLLECT,
    "uncollect": UNCOLLECT,
}
