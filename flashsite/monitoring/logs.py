"""Log filter that hides tokens."""

import logging
import re

# What stands where a token does in a path, and whatever looks like one (modelstore.ground.tokens) anywhere else.
_TOKEN = re.compile(
    r"(?<=/jobs/)[\w-]{16,}|(?<=/models/)[\w-]{16,}|(?<=/datasets/)[\w-]{16,}|(?<=/batches/)[\w-]{16,}"
    r"|(?<=/uploads/)[\w-]{16,}"
    r"|(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9]|[a-z]+[A-Z]+[a-z]|[A-Z]+[a-z]+[A-Z])[A-Za-z0-9]{22}(?![A-Za-z0-9])"
)


class HideTokens(logging.Filter):
    """Replaces every token in a log line, and in the traceback below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (hidden := _TOKEN.sub("…", message)) != message:
            record.msg, record.args = hidden, ()
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            # Formatters take it as it stands here.
            record.exc_text = _TOKEN.sub("…", logging.Formatter().formatException(record.exc_info))
        return True
