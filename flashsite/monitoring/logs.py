"""Log filter that hides tokens."""

import logging
import re

_TOKEN = re.compile(r"(/(?:jobs|models|datasets|batches)/)[A-Za-z0-9_-]{16,}")


class HideTokens(logging.Filter):
    """Replaces the token in any path that a log line quotes."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "/jobs/" in message or "/models/" in message or "/datasets/" in message:
            record.msg, record.args = _TOKEN.sub(r"\1…", message), ()
        return True
