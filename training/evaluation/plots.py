"""Draws the score over the epochs as SVG and PNG, in colours that read on light and on dark pages."""

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from training.ground.epochs import EpochFigures
from training.score import ACCURACY, SCORES, capitalised, show

WIDTH, HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 20.0, 48.0, 44.0
TRAINING, VALIDATION, GREY, FAINT = "#e07b1a", "#2f7de1", "#808080", "#80808055"
_TICKS = 5
_SCALE = 2  # the PNG is drawn at twice the size and shrunk, which smooths its lines


def score_svg(epochs: Sequence[EpochFigures], best_epoch: int) -> str:
    """The plot as an SVG document without styles or scripts, so that it passes a strict content policy."""
    frame = _Frame(epochs)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        '<g font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(_title(epochs, best_epoch))}</title>",
    ]
    for share in frame.ticks:
        y = frame.y(share)
        parts.append(
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}" stroke="{GREY}" '
            'stroke-opacity="0.3"/>'
        )
        parts.append(_text(_LEFT - 8, y + 4, frame.label(share), anchor="end"))
    for epoch in frame.labelled_epochs:
        parts.append(_text(frame.x(epoch), HEIGHT - _BOTTOM + 20, str(epoch), anchor="middle"))
    parts.append(_text((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 6, "epoch", anchor="middle"))
    for x, colour, name in ((_LEFT, VALIDATION, "validation"), (_LEFT + 110, TRAINING, "training")):
        parts.append(f'<rect x="{x}" y="18" width="14" height="4" rx="2" fill="{colour}"/>')
        parts.append(_text(x + 20, 25, name))
    for colour, points in ((TRAINING, frame.training), (VALIDATION, frame.validation)):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
    for x, y in frame.best(best_epoch):
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="{VALIDATION}" stroke-width="2"/>'
        )
    return "\n".join([*parts, "</g></svg>", ""])


def draw_score_png(path: Path, epochs: Sequence[EpochFigures], best_epoch: int) -> None:
    """The same plot on white, as a PNG file."""
    frame = _Frame(epochs)
    picture = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13 * _SCALE)

    def scaled(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x * _SCALE, y * _SCALE) for x, y in points]

    def write(x: float, y: float, words: str, anchor: str) -> None:
        draw.text((x * _SCALE, y * _SCALE), words, fill=GREY, font=font, anchor=anchor)

    for share in frame.ticks:
        y = frame.y(share)
        draw.line(scaled([(_LEFT, y), (WIDTH - _RIGHT, y)]), fill="#dddddd", width=_SCALE)
        write(_LEFT - 8, y, frame.label(share), "rm")
    for epoch in frame.labelled_epochs:
        write(frame.x(epoch), HEIGHT - _BOTTOM + 16, str(epoch), "mm")
    write((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 10, "epoch", "mm")
    for x, colour, name in ((_LEFT, VALIDATION, "validation"), (_LEFT + 110, TRAINING, "training")):
        draw.rectangle(scaled([(x, 18), (x + 14, 22)]), fill=colour)
        write(x + 20, 20, name, "lm")
    for colour, points in ((TRAINING, frame.training), (VALIDATION, frame.validation)):
        if points:
            draw.line(scaled(points), fill=colour, width=5, joint="curve")
        for x, y in scaled(points):
            draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colour)
    for x, y in scaled(frame.best(best_epoch)):
        draw.ellipse((x - 12, y - 12, x + 12, y + 12), outline=VALIDATION, width=4)
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(path, "PNG", optimize=True)


class _Frame:
    """Where epochs and scores stand on the page; the vertical axis starts at a round share below all points.

    The curve of the training part is the share of right answers: there is none beside another score.
    """

    def __init__(self, epochs: Sequence[EpochFigures]) -> None:
        self._epochs = epochs
        self._first = epochs[0].epoch if epochs else 1
        self._last = max(epochs[-1].epoch if epochs else 1, self._first)
        self._kind = SCORES[epochs[0].score if epochs else ACCURACY]
        training = [e for e in epochs if e.score == ACCURACY]
        shares = [e.val_score for e in epochs] + [e.train_accuracy for e in training]
        self._floor = min(int(min(shares, default=0.0) * 10) / 10, 0.9)
        self.ticks = [self._floor + (1 - self._floor) * i / _TICKS for i in range(_TICKS + 1)]
        step = -(-(self._last - self._first + 1) // 12)
        self.labelled_epochs = range(self._first, self._last + 1, step)
        self.training = [(self.x(e.epoch), self.y(e.train_accuracy)) for e in training]
        self.validation = [(self.x(e.epoch), self.y(e.val_score)) for e in epochs]

    def label(self, share: float) -> str:
        return f"{share:.0%}" if self._kind.percentage else f"{share:.2g}"

    def x(self, epoch: int) -> float:
        span = self._last - self._first
        share = (epoch - self._first) / span if span else 0.5
        return _LEFT + 12 + share * (WIDTH - _LEFT - _RIGHT - 24)

    def y(self, share: float) -> float:
        above = (share - self._floor) / (1 - self._floor)
        return HEIGHT - _BOTTOM - above * (HEIGHT - _TOP - _BOTTOM)

    def best(self, best_epoch: int) -> list[tuple[float, float]]:
        return [(self.x(e.epoch), self.y(e.val_score)) for e in self._epochs if e.epoch == best_epoch]


def _title(epochs: Sequence[EpochFigures], best_epoch: int) -> str:
    name = epochs[0].score if epochs else ACCURACY
    word = SCORES[name].word
    best = next((e.val_score for e in epochs if e.epoch == best_epoch), 0.0)
    shown = show(name, best).replace(" %", "%")
    count = "1 epoch" if len(epochs) == 1 else f"{len(epochs)} epochs"
    return f"{capitalised(word)} over {count}; epoch {best_epoch} was kept, with {shown}"


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{GREY}">{escape(words)}</text>'
