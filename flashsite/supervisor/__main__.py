"""`python -m flashsite.supervisor`: what `manage.py up` becomes once everything is prepared."""

import argparse
import os
import sys
from pathlib import Path

from flashsite import env, redis_socket
from flashsite.supervisor import plan, redis_server
from flashsite.supervisor.console import Console
from flashsite.supervisor.supervisor import Supervisor
from training.ground import log_lines


def main() -> int:
    options = _parser().parse_args()
    console = Console(as_json=_logs_json())
    try:
        flash = plan.make(
            var_dir=options.var_dir,
            host=options.host,
            port=options.port,
            site=options.site,
            training=options.training,
            own_redis=options.own_redis,
        )
    except redis_server.RedisMissing as error:
        console.say(str(error))
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")
    if options.own_redis:
        os.environ["REDIS_URL"] = redis_socket.url(options.var_dir)
    return Supervisor(flash, console=console, lock_handle=options.lock_handle).run()


def _logs_json() -> bool:
    return env.choice(log_lines.FORMAT_VARIABLE, log_lines.TEXT, log_lines.FORMATS) == log_lines.JSON


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flashsite.supervisor", description=__doc__)
    parser.add_argument("--var-dir", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--site", default="localhost", help="a host name that the site serves, for the health page"
    )
    parser.add_argument("--no-training", dest="training", action="store_false")
    parser.add_argument(
        "--no-redis", dest="own_redis", action="store_false", help="REDIS_URL names one that runs"
    )
    parser.add_argument(
        "--lock-handle", type=int, default=None, help="an open, locked descriptor to keep open"
    )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        # Ctrl-C before the supervisor listens: nothing runs yet.
        sys.exit(130)
