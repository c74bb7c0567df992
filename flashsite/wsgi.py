"""The WSGI application that gunicorn serves."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")

_django = get_wsgi_application()

from flashsite.lean_imports import load_api_libraries  # noqa: E402 - it needs the apps to be loaded

load_api_libraries()

from flashsite.api.fast_predict import FastPredict  # noqa: E402
from flashsite.frame_room import roomy  # noqa: E402
from flashsite.monitoring.metrics import Measured  # noqa: E402
from flashsite.monitoring.request_ids import Identified  # noqa: E402


@roomy
def _site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return _django(environ, start_response)


application = Identified(Measured(FastPredict(_site)))
