"""Pictures of numbers: each an SVG that takes its colours from the page, the same with its own colours for a download,
and a table of what it shows.

A chart is made of marks: an element, its class, its attributes. On a page the classes of parts.css colour it, light or
dark; alone, `PAINT` does, because a file has no page around it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH = 420
"""Of every chart, in its own units: about a CSS pixel on a desk, and still legible on a phone."""
LEFT, TOP, BOTTOM, RIGHT = 44, 12, 26, 6
LETTER = 7.5
"""Width of a letter at most: a phone's are larger."""
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
PAINT: dict[str, dict[str, str]] = {
    "grid": {"stroke": "#dcd9cf", "stroke-width": "1"},
    "axis": {"fill": "#535b60", "font-size": "11"},
    "title": {"fill": "#1b2124", "font-size": "13", "font-weight": "600"},
    "line": {"fill": "none", "stroke": "#0b6167", "stroke-width": "2"},
    "area": {"fill": "#dcedeb"},
    "dot": {"fill": "#0b6167"},
    "bar": {"fill": "#0b6167"},
    "bar-2": {"fill": "#834600"},
    "bar-3": {"fill": "#29498a"},
    "bar-4": {"fill": "#85816f"},
    "whisker": {"stroke": "#535b60", "stroke-width": "1.5"},
    "heat-none": {"fill": "#edebe4"},
    "heat-0": {"fill": "#f1f7f6"},
    "heat-1": {"fill": "#cfe3e2"},
    "heat-2": {"fill": "#9cc6c5"},
    "heat-3": {"fill": "#2c777a"},
    "heat-4": {"fill": "#07474c"},
    "on-light": {"fill": "#1b2124", "font-size": "11"},
    "on-dark": {"fill": "#ffffff", "font-size": "11"},
}
FEW = 4
"""Bars that all have their name: kinds of something, not days."""
HEAT = 5
"""Steps of colour in a heat map; the number in each cell says the rest."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One element. `says` is its tooltip, and what a screen reader is told of it."""

    tag: str
    look: str
    at: dict[str, Any]
    text: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its words and its numbers."""

    name: str
    """In the address of its file."""
    title: str
    about: str
    """What the picture shows, in a sentence, for who cannot see it."""
    height: float
    marks: list[Mark]
    columns: list[str]
    """Heads of the table."""
    rows: list[list[str]]
    legend: list[tuple[str, str]] = field(default_factory=list)
    """(class of the legend part, word)."""
    note: str = ""
    """What to know before reading it: how it was counted, what is left out."""

    @property
    def svg(self) -> SafeString:
        """For a page."""
        return self._drawn(plain=True)

    def file(self) -> str:
        """For a download: the title above, the colours inside."""
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{self._drawn(plain=False)}\n'

    def _drawn(self, *, plain: bool) -> SafeString:
        head = 0 if plain else 28 + (18 if self.legend else 0)
        marks: list[Mark] = self.marks if plain else [*self._heading(), *self.marks]
        ground = "" if plain else format_html('<rect y="-{}" width="100%" height="100%" fill="#ffffff"/>', head)
        own = "" if plain else format_html(' width="{}" height="{}" font-family="{}"', WIDTH, self.height + head, FONT)
        return format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {} {} {}" role="img" direction="ltr"{} '
            'aria-labelledby="{}-title {}-about">'
            '<title id="{}-title">{}</title><desc id="{}-about">{}</desc>{}{}</svg>',
            *(-head, WIDTH, _n(self.height + head), own, self.name, self.name),
            *(self.name, self.title, self.name, self.about, ground),
            format_html_join("", "{}", ((_element(mark, plain=plain),) for mark in marks)),
        )

    def _heading(self) -> Iterable[Mark]:
        base = -28 if self.legend else -10
        yield Mark("text", "title", {"x": LEFT - 36, "y": base}, self.title)
        x = LEFT - 36.0
        for key, word in self.legend:
            yield Mark("rect", _of_key(key), {"x": x, "y": -18, "width": 10, "height": 10, "rx": 2})
            yield Mark("text", "axis", {"x": x + 15, "y": -9}, word)
            x += 15 + 6.2 * len(word) + 16


def _of_key(key: str) -> str:
    return {"key-1": "bar", "key-2": "bar-2", "key-3": "bar-3", "key-4": "bar-4"}[key]


def _element(mark: Mark, *, plain: bool) -> SafeString:
    look = {"class": mark.look} if plain else PAINT[mark.look]
    attributes = format_html_join("", ' {}="{}"', ((name, _n(value)) for name, value in (look | mark.at).items()))
    inside = format_html("<title>{}</title>{}" if mark.says else "{1}", mark.says, mark.text)
    return format_html("<{0}{1}>{2}</{0}>", mark.tag, attributes, inside)


def _n(value: Any) -> Any:
    """Coordinates with one digit: finer than a screen's pixel."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def short(text: str, longest: int) -> str:
    """A name that fits, with an ellipsis where it was cut."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def ticks(top: float, *, most: int = 4) -> list[float]:
    """0 and up to `most` round numbers, evenly spaced, the last not below `top`."""
    if top <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(top / most))
    step = next(m * power for m in (1, 2, 5, 10, 20) if m * power * most >= top)
    if top >= 1:
        step = max(step, 1.0)
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def _name(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.2g}"


def percent(share: float | None) -> str:
    """A share of 1 in whole percent; a dash for none."""
    return "–" if share is None else f"{100 * share:.0f} %"


def _y_axis(values: Sequence[float], height: float, names: Sequence[str]) -> list[Mark]:
    low, high = values[0], values[-1]
    marks = []
    for value, name in zip(values, names, strict=True):
        y = TOP + (height - TOP - BOTTOM) * (1 - (value - low) / (high - low))
        marks.append(Mark("line", "grid", {"x1": LEFT, "x2": WIDTH - RIGHT, "y1": y, "y2": y}))
        marks.append(Mark("text", "axis", {"x": LEFT - 6, "y": y + 4, "text-anchor": "end"}, name))
    return marks


def _x_axis(labels: Sequence[str], slot: float, y: float) -> list[Mark]:
    """Names below, as many as fit, always the last."""
    widest = max((len(label) for label in labels), default=1) * LETTER + 10
    every = 1 if len(labels) <= FEW else max(1, math.ceil(widest / slot))
    shown = range(len(labels) - 1, -1, -every)
    return [Mark("text", "axis", _below(LEFT + slot * (i + 0.5), y, labels[i]), labels[i]) for i in shown]


def _below(x: float, y: float, label: str) -> dict[str, Any]:
    """Where a name stands: under its slot, or at the edge of the picture where it would be cut off there."""
    if x + LETTER * len(label) / 2 > WIDTH:
        return {"x": WIDTH, "y": y, "text-anchor": "end"}
    return {"x": x, "y": y, "text-anchor": "middle"}


def bars(
    name: str,
    title: str,
    about: str,
    *,
    data: Sequence[tuple[str, Sequence[float]]],
    series: Sequence[str],
    first: str,
    height: float = 200,
    note: str = "",
) -> Chart:
    """Bars side by side, each a stack of `series`; `data` holds (label, one value per series)."""
    scale = ticks(max((sum(values) for _, values in data), default=0))
    marks, room = _y_axis(scale, height, [_name(tick) for tick in scale]), height - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(len(data), 1)
    for i, (label, values) in enumerate(data):
        y = TOP + room
        for k, value in enumerate(values):
            tall = room * value / scale[-1]
            y -= tall
            if value:
                at = {"x": LEFT + slot * (i + 0.12), "y": y, "width": slot * 0.76, "height": tall}
                said = f"{label}: {series[k]} {_name(value)}"
                marks.append(Mark("rect", "bar" if k == 0 else f"bar-{k + 1}", at, says=said))
    marks += _x_axis([label for label, _ in data], slot, height - 8)
    legend = [(f"key-{k + 1}", word) for k, word in enumerate(series)] if len(series) > 1 else []
    rows = [[label, *(_name(value) for value in values)] for label, values in data]
    return Chart(name, title, about, height, marks, [first, *series], rows, legend, note)


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval, of `n` things; None is "not defined", and `reason` says why."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""

    def said(self, show: Any = percent) -> list[str]:
        """Label, value, interval, n: as a row of the table."""
        interval = f"{show(self.low)} to {show(self.high)}" if self.low is not None and self.high is not None else "–"
        return [self.label, show(self.value) if self.value is not None else f"– {self.reason}", interval, _name(self.n)]


def lines(
    name: str,
    title: str,
    about: str,
    *,
    points: Sequence[Point],
    heads: Sequence[str],
    show: Any = percent,
    top: float | None = None,
    height: float = 200,
    note: str = "",
) -> Chart:
    """A line through points with their intervals; a gap where there is no value. The axis holds 0, and goes below it
    where a value does."""
    known = [one for p in points for one in (p.value, p.low, p.high) if one is not None]
    least = math.floor(min([0.0, *known]) * 2) / 2
    scale = ticks(max([0.0, *known]) if top is None else top)
    if least < 0:
        step = 0.25 if scale[-1] - least <= 1.5 else 0.5
        scale = [least + step * i for i in range(math.ceil((scale[-1] - least) / step - 1e-9) + 1)]
    room, slot = height - TOP - BOTTOM, (WIDTH - LEFT - RIGHT) / max(len(points), 1)

    def y(value: float) -> float:
        return TOP + room * (1 - (value - scale[0]) / (scale[-1] - scale[0]))

    marks = _y_axis(scale, height, [show(tick) for tick in scale])
    runs: list[list[str]] = [[]]
    for i, point in enumerate(points):
        x = LEFT + slot * (i + 0.5)
        if point.value is None:
            runs.append([])
            continue
        runs[-1].append(f"{x:.1f},{y(point.value):.1f}")
        if point.low is not None and point.high is not None:
            marks.append(Mark("line", "whisker", {"x1": x, "x2": x, "y1": y(point.low), "y2": y(point.high)}))
        said = ", ".join(point.said(show)[:3])
        marks.append(Mark("circle", "dot", {"cx": x, "cy": y(point.value), "r": 3.5}, says=said))
    marks += [Mark("polyline", "line", {"points": " ".join(part)}) for part in runs if len(part) > 1]
    marks += _x_axis([point.label for point in points], slot, height - 8)
    return Chart(name, title, about, height, marks, list(heads), [p.said(show) for p in points], [], note)


def whiskers(
    name: str, title: str, about: str, *, points: Sequence[Point], heads: Sequence[str], note: str = ""
) -> Chart:
    """Shares below each other, each with its interval, on one axis from 0 to 100 %."""
    left, row = 118, 26
    foot = TOP + row * len(points)

    def x(share: float) -> float:
        return left + (WIDTH - left - 16) * share

    marks: list[Mark] = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        marks.append(Mark("line", "grid", {"x1": x(share), "x2": x(share), "y1": TOP, "y2": foot}))
        at = {"x": x(share), "y": foot + 16, "text-anchor": "middle"}
        marks.append(Mark("text", "axis", at, percent(share)))
    for i, point in enumerate(points):
        y = TOP + row * (i + 0.5)
        at = {"x": left - 8, "y": y + 4, "text-anchor": "end"}
        marks.append(Mark("text", "axis", at, short(point.label, 17), says=point.label))
        if point.value is not None:
            if point.low is not None and point.high is not None:
                marks.append(Mark("line", "whisker", {"x1": x(point.low), "x2": x(point.high), "y1": y, "y2": y}))
            at = {"cx": x(point.value), "cy": y, "r": 4.5}
            marks.append(Mark("circle", "dot", at, says=", ".join(point.said()[:3])))
    return Chart(name, title, about, foot + 24, marks, list(heads), [point.said() for point in points], [], note)


def heat(
    name: str,
    title: str,
    about: str,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[float | None]],
    first: str,
    note: str = "",
) -> Chart:
    """Shares in a grid, darker for more, each with its number; None is "nobody was asked"."""
    left, tall, head = 118, 28, 62
    reach = [5.1 * len(short(column, 15)) for column in columns]  # names lean to the right, and out of the picture
    wide = min((90.0, *((WIDTH - left - far) / (c + 0.5) for c, far in enumerate(reach))))
    most = max((share for line in cells for share in line if share is not None), default=0.0)
    marks: list[Mark] = []
    for c, column in enumerate(columns):
        x = left + wide * (c + 0.5)
        at = {"x": x, "y": head - 8, "transform": f"rotate(-32 {x:.1f} {head - 8})"}
        marks.append(Mark("text", "axis", at, short(column, 15), says=column))
    for r, row in enumerate(rows):
        y = head + tall * r
        at = {"x": left - 8, "y": y + tall / 2 + 4, "text-anchor": "end"}
        marks.append(Mark("text", "axis", at, short(row, 17), says=row))
        for c, share in enumerate(cells[r]):
            step = -1 if share is None else min(int(HEAT * share / most), HEAT - 1) if most else 0
            look = "heat-none" if step < 0 else f"heat-{step}"
            place = {"x": left + wide * c + 1, "y": y + 1.0, "width": wide - 2, "height": tall - 2, "rx": 3}
            marks.append(Mark("rect", look, place, says=f"{row}, {columns[c]}: {percent(share)}"))
            at = {"x": left + wide * (c + 0.5), "y": y + tall / 2 + 4, "text-anchor": "middle"}
            marks.append(Mark("text", "on-dark" if step >= HEAT - 2 else "on-light", at, percent(share)))
    table = [[row, *(percent(share) for share in cells[r])] for r, row in enumerate(rows)]
    return Chart(name, title, about, head + tall * len(rows) + 6.0, marks, [first, *columns], table, [], note)
