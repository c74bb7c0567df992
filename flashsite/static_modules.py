"""The browser's code is ES modules without a build step: their imports under hashed names, and what they import."""

import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django.contrib.staticfiles import finders
from whitenoise.storage import CompressedManifestStaticFilesStorage

# An import at the beginning of a line, perhaps over several, from an address relative to the file in double quotes.
IMPORT = (
    r"""(?m)^(?P<matched>(?P<head>import\s+|(?:import|export)\s[^"';=()]*?\bfrom\s+)"(?P<url>\.\.?/[^"]+)")"""
)


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, written into the imports of Flash's own modules as well.

    Django's `support_js_module_import_aggregation` would read the files of every app, and stops at an example in a
    comment of django_htmx.
    """

    # A module's name is final once those of its imports are: one pass for each step of the longest chain.
    max_post_process_passes = 10
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("flash/*.js", ((IMPORT, '%(head)s"%(url)s"'),)),
    )


@cache
def imports(name: str) -> tuple[str, ...]:
    """What the static file `name` imports, and what that imports, each once; read once per process.

    Raises FileNotFoundError for a module that is not there.
    """
    found: dict[str, None] = {}
    for match in re.finditer(IMPORT, _source(name)):
        imported = normpath(join(dirname(name), match["url"]))
        found |= dict.fromkeys((imported, *imports(imported)))
    return tuple(found)


def _source(name: str) -> str:
    path = finders.find(name)
    if not path:
        raise FileNotFoundError(f"No static file has the name {name}.")
    return Path(path).read_text()
