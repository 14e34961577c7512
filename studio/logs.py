"""What the terminal is told."""

import logging


class PlainRefusals(logging.Filter):
    """A refused request is one line, not a traceback: nothing of ours is broken."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = None
            record.exc_text = None
        return True
