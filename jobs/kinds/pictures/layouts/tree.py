"""The pictures of a zip as a tree of folders."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jobs.uploads.archive import Entry


@dataclass(slots=True)
class Folder:
    """A folder with the pictures right in it and the folders below; `path` as people know it."""

    name: str
    path: str
    folders: dict[str, "Folder"] = field(default_factory=dict)
    pictures: list[Entry] = field(default_factory=list)

    def all_pictures(self) -> Iterator[Entry]:
        """Those of all folders below, too."""
        yield from self.pictures
        for folder in self.folders.values():
            yield from folder.all_pictures()

    def below(self, name: str) -> "Folder":
        """The folder `name` in this one, made where there is none."""
        found = self.folders.get(name)
        if found is None:
            path = f"{self.path}/{name}" if self.path else name
            found = self.folders[name] = Folder(name, path)
        return found

    def absorb(self, other: "Folder") -> None:
        """Takes the pictures of another folder into the folders of the same names."""
        self.pictures.extend(other.pictures)
        for name, folder in other.folders.items():
            self.below(name).absorb(folder)


def tree_of(entries: Iterable[Entry]) -> Folder:
    """The folders of `entries`, those without pictures left away."""
    root = Folder("", "")
    for entry in entries:
        folder = root
        for part in entry.parts[:-1]:
            folder = folder.below(part)
        folder.pictures.append(entry)
    return root
