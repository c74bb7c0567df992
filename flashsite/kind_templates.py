"""Templates of kinds of tasks that come from outside of Flash: each kind names the folder of its own."""

from pathlib import Path

from django.template.loaders import filesystem

from training.kinds import KINDS


class Loader(filesystem.Loader):
    """Looks into the folders of all kinds that have one, as the registry knows them now."""

    def get_dirs(self) -> list[str | Path]:
        return [kind.template_folder for kind in KINDS.values() if kind.template_folder]
