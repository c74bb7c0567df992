"""All kinds of tasks. One line in `BUILT_IN`, one call of `register` or one name in FLASH_KINDS adds a kind."""

import importlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from training.kinds.kind import Kind, ModelSpec

# Modules with a KIND.
BUILT_IN = ("training.kinds.pictures", "training.kinds.sentences")
# Names modules of kinds from outside, with commas between; who starts a process that needs them hands it on.
KINDS_VARIABLE = "FLASH_KINDS"


class UnknownKind(ValueError):
    """There is no kind of task of this name."""


class KindsInvalid(ValueError):
    """A module that should have a kind has none, or one that cannot be had beside the others."""


class _Kinds(Mapping[str, Kind]):
    """Kinds by the name of their task; the built-in ones are imported when the first is asked for."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._begun = self._complete = False
        # What is being imported may ask for a kind itself; other threads wait.
        self._loading = threading.RLock()

    def add(self, kind: Kind) -> None:
        """See `register`."""
        known = self._kinds.get(kind.task)
        if known is kind:
            return
        names = {spec.name for other in self._kinds.values() for spec in other.models}
        taken = sorted(names & {spec.name for spec in kind.models})
        if known is not None or taken:
            what = f"models {', '.join(taken)}" if taken else f"task {kind.task}"
            raise KindsInvalid(f"Another kind already has the {what}.")
        self._kinds[kind.task] = kind

    def remove(self, kind: Kind) -> None:
        """See `unregister`."""
        if self._kinds.get(kind.task) is kind:
            del self._kinds[kind.task]

    def _all(self) -> dict[str, Kind]:
        if not self._complete:
            with self._loading:
                self._load()
        return self._kinds

    def _load(self) -> None:
        if self._begun:
            return
        self._begun = True
        added, self._kinds = self._kinds, {}
        load_kinds(BUILT_IN)
        for kind in added.values():
            self.add(kind)
        self._complete = True

    def __getitem__(self, task: str) -> Kind:
        kind = self._all().get(task)
        if kind is None:
            raise UnknownKind(
                f"There is no kind of task {str(task)[:80]!r}; choose one of: {', '.join(self)}."
            )
        return kind

    def get(self, task: Any, default: Any = None) -> Any:
        """The kind, or `default`."""
        return self._all().get(task, default)

    def __contains__(self, task: object) -> bool:
        return task in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class _Models(Mapping[str, ModelSpec]):
    """The models of all kinds by their names."""

    def __getitem__(self, name: str) -> ModelSpec:
        for kind in KINDS.values():
            if (spec := kind.model(name)) is not None:
                return spec
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (spec.name for kind in KINDS.values() for spec in kind.models)

    def __len__(self) -> int:
        return sum(len(kind.models) for kind in KINDS.values())


KINDS = _Kinds()
CATALOG = _Models()


def kind_of(task: str) -> Kind:
    """The kind of this task; raises UnknownKind with a sentence that names the kinds there are."""
    return KINDS[task]


def kinds_taking(suffix: str) -> list[Kind]:
    """The kinds whose uploads may end in `suffix`, such as ".csv"; the first is the likeliest."""
    return [kind for kind in KINDS.values() if suffix.lower() in kind.suffixes]


def task_choices() -> list[tuple[str, str]]:
    """Names of the tasks and words for them."""
    return [(kind.task, kind.words.samples) for kind in KINDS.values()]


def register(kind: Kind) -> None:
    """Make `kind` known to this process; raises KindsInvalid where its task or a model of it is taken."""
    KINDS.add(kind)


def unregister(kind: Kind) -> None:
    """Forget `kind`, as a test does afterwards."""
    KINDS.remove(kind)


def load_kinds(modules: Iterable[str] | str) -> None:
    """Import these modules (as a list, or with commas between) and register the KIND of each; raises KindsInvalid."""
    names = modules.split(",") if isinstance(modules, str) else modules
    for name in filter(None, (name.strip() for name in names)):
        try:
            register(_kind_in(name))
        except KindsInvalid as error:
            raise KindsInvalid(f"The kind of task {name!r} cannot be used. {error}") from error


def _kind_in(name: str) -> Kind:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise KindsInvalid(
                "There is no such Python module: correct its name, or install it where this site runs."
            ) from error
        raise KindsInvalid(f"It needs the module {error.name!r}, which is not installed.") from error
    except Exception as error:  # what the code of others raises while it is imported
        raise KindsInvalid(f"Importing it ends in {type(error).__name__}: {error}") from error
    kind = getattr(module, "KIND", None)
    if not isinstance(kind, Kind):
        raise KindsInvalid("The module has no KIND that is a training.kinds.Kind.")
    return kind


def load(name: str) -> Any:
    """The module "package.module", or the function "package.module:function"."""
    module, _, function = name.partition(":")
    found = importlib.import_module(module)
    return getattr(found, function) if function else found
