"""Reads a page as a browser would, and tells what breaks the rules that hold for all of them."""

from html.parser import HTMLParser
from typing import Any

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_FIELDS = {"input", "select", "textarea"}


class Page(HTMLParser):
    """The elements of a page, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.words: list[str] = []
        self.problems: list[str] = []
        self._open: list[tuple[str, dict[str, Any]]] = []
        self._wrapped: set[int] = set()
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag, _ in self._open]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        element = (tag, dict(attrs))
        self.elements.append(element)
        if any(parent == "label" for parent, _ in self._open):
            self._wrapped.add(len(self.elements) - 1)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.problems.append(f"</{tag}> closes nothing; open: {[name for name, _ in self._open[-3:]]}")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] not in ("script", "style"):
            self.words.append(data)
        elif self._open and data.strip() and self._open[-1][1].get("type") != "application/json":
            self.problems.append("an inline script or style")

    def all(self, tag: str, **wanted: str) -> list[dict[str, Any]]:
        """Attributes of the elements of this tag that have these attributes."""
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in wanted.items())
        ]

    def rule_breaks(self) -> list[str]:
        """Whatever the content policy would block, a screen reader would stumble over, or a parser would repair."""
        return [*self.problems, *self._policy_breaks(), *self._access_breaks()]

    def _policy_breaks(self) -> list[str]:
        found = []
        for tag, attributes in self.elements:
            if tag == "style" or "style" in attributes or any(name.startswith("on") for name in attributes):
                found.append(f"inline style or handler in <{tag} {attributes}>")
            source = attributes.get("src") or (attributes.get("href") if tag == "link" else None) or ""
            if source.startswith(("http:", "https:", "//")):
                found.append(f"a file of another host: {source}")
        return found

    def _access_breaks(self) -> list[str]:
        found = []
        ids = [attributes["id"] for _, attributes in self.elements if attributes.get("id")]
        found += [f"the id {name} occurs twice" for name in set(ids) if ids.count(name) > 1]
        labelled = {attributes.get("for") for attributes in self.all("label")}
        for index, (tag, attributes) in enumerate(self.elements):
            if tag in _FIELDS and attributes.get("type") != "hidden":
                named = (
                    attributes.get("id") in labelled or "aria-label" in attributes or index in self._wrapped
                )
                found += [] if named else [f"no label for <{tag} {attributes}>"]
            if tag == "img" and "alt" not in attributes:
                found.append(f"no alt for <img {attributes}>")
            for name in ("aria-describedby", "aria-labelledby", "aria-controls"):
                found += [
                    f"{name} points to nothing: {word}"
                    for word in (attributes.get(name) or "").split()
                    if word not in ids
                ]
        if len(self.all("h1")) != 1:
            found.append("not exactly one h1")
        return found
