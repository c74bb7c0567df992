"""Names that people give to tasks and classes, and what looks like an attack on the places they go to."""

GOOD_NAMES = (
    "Häuser", "Kätzchen_1", "Tickets: EN & DE", "Cats-and dogs 2", "猫と犬", "คลาส 1", "خانه\u200cها",
    "👩\u200d🔧 photos",
    "EN/DE", "100 % \"sure\"?", "O'Brien's", "a" * 100,
)  # fmt: skip
# Taken as they are, for they may be meant: it is up to each place to show them as words.
NASTY_NAMES = (
    "<script>alert(1)</script>", "</title><b>x", "=HYPERLINK(\"http://x\")", "../../etc/passwd", "; rm -rf / #",
    "a\"; filename=\"b.exe", "[click](javascript:alert(1)) `x`", "| a | b |", "&lt;b&gt; ~~x~~", "$(id) `id`",
    "{{ 7|add:7 }}",
)  # fmt: skip
