"""Charts as geometry: what a template draws as SVG, in percent of the width and pixels of height.

Everything is an attribute, since pages allow no inline styles; colours are classes. The table beside a
chart says the same in words, so the chart itself is silent to screen readers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

# Colours there are; further series begin again with the first.
SERIES = 8

ROW, BAR, THIN = 40, 14, 8  # pixels: a row with its label above the bar, a bar, one bar of several
TEXT = 14  # baseline of a row's label
TOP, PLOT, BOTTOM = 20, 160, 24  # pixels of a line chart: above, the plane itself, the labels below
INSET = 3.0  # percent that the first and the last point keep from the edges
MOST_LABELS = 5

Number = Decimal | int | float


@dataclass(frozen=True)
class Figure:
    """One number of a chart; `text` is how it reads, `url` leads to the rows behind it."""

    number: Number | None
    text: str
    url: str = ""


@dataclass(frozen=True)
class Entry:
    """A name in the legend."""

    label: str
    css: str


@dataclass(frozen=True)
class Bar:
    """A rectangle."""

    x: str
    y: int
    width: str
    height: int
    css: str
    title: str
    url: str


@dataclass(frozen=True)
class Row:
    """The bars of one group with its label and its number."""

    label: str
    text: str
    y: int
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Bars:
    """A bar chart: one row per group."""

    rows: Sequence[Row]
    height: int
    legend: Sequence[Entry] = ()
    is_line: bool = False


@dataclass(frozen=True)
class Point:
    """A point of a line."""

    x: str
    y: str
    title: str
    url: str


@dataclass(frozen=True)
class Series:
    """A line; `path` is in hundredths of the plane."""

    css: str
    path: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Mark:
    """A text at an axis."""

    x: str
    y: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Lines:
    """A line chart over time."""

    series: Sequence[Series]
    marks: Sequence[Mark]
    levels: Sequence[tuple[int, str]]
    legend: Sequence[Entry] = ()
    top: int = TOP
    plot: int = PLOT
    height: int = TOP + PLOT + BOTTOM
    is_line: bool = True


def bars(
    labels: Sequence[str],
    totals: Sequence[Figure],
    parts: Sequence[Sequence[Figure]],
    names: Sequence[str],
    *,
    stacked: bool,
) -> Bars:
    """One bar per label; with `names` of several series the bar is stacked of parts, or stands in thin ones."""
    if not names:
        most = _most(figure.number for figure in totals)
        made = [
            Row(label, figure.text, place * ROW + TEXT, [_bar(figure, label, 0.0, most, place * ROW + 20, BAR, 0)])
            for place, (label, figure) in enumerate(zip(labels, totals, strict=True))
        ]
        return Bars(made, len(made) * ROW)
    height = ROW if stacked else 20 + THIN * len(names) + 6
    most = _most(_length(row, stacked=stacked) for row in parts)
    rows: list[Row] = []
    for place, (label, total, row) in enumerate(zip(labels, totals, parts, strict=True)):
        y = place * height
        drawn = _stacked(row, names, most, y + 20) if stacked else _side_by_side(row, names, most, y + 20)
        rows.append(Row(label, total.text, y + TEXT, drawn))
    return Bars(rows, len(rows) * height, _legend(names))


def lines(labels: Sequence[str], series: Sequence[Sequence[Figure]], names: Sequence[str]) -> Lines:
    """One line per series through the periods `labels`."""
    numbers = [figure.number for line in series for figure in line if figure.number is not None]
    most, least = max([*numbers, 1]), min([*numbers, 0])
    made = [_line(line, labels, least, most, number, names) for number, line in enumerate(series)]
    levels = [(_pixel(level, least, most), _short(level)) for level in dict.fromkeys((most, least))]
    return Lines(made, _marks(labels), levels, _legend(names))


def colour(number: int) -> str:
    """The class of a series."""
    return f"series-{number % SERIES}"


def _legend(names: Sequence[str]) -> list[Entry]:
    return [Entry(name, colour(number)) for number, name in enumerate(names)]


def _stacked(row: Sequence[Figure], names: Sequence[str], most: float, y: int) -> list[Bar]:
    drawn, at = [], 0.0
    for number, (figure, name) in enumerate(zip(row, names, strict=True)):
        if figure.number:
            drawn.append(_bar(figure, name, at, most, y, BAR, number))
            at += _share(figure.number, most)
    return drawn


def _side_by_side(row: Sequence[Figure], names: Sequence[str], most: float, y: int) -> list[Bar]:
    return [
        _bar(figure, name, 0.0, most, y + THIN * number, THIN - 1, number)
        for number, (figure, name) in enumerate(zip(row, names, strict=True))
        if figure.number
    ]


def _bar(figure: Figure, label: str, at: float, most: float, y: int, height: int, number: int) -> Bar:
    css = f"{colour(number)} below-zero" if (figure.number or 0) < 0 else colour(number)
    width = _percent(_share(figure.number or 0, most))
    return Bar(_percent(at), y, width, height, css, f"{label}: {figure.text}", figure.url)


def _line(
    line: Sequence[Figure], labels: Sequence[str], least: Number, most: Number, number: int, names: Sequence[str]
) -> Series:
    points, path = [], []
    for place, (figure, label) in enumerate(zip(line, labels, strict=True)):
        if figure.number is None:
            continue
        x, y = _across(place, len(labels)), _pixel(figure.number, least, most)
        name = f"{names[number]}, {label}" if names else label
        points.append(Point(_percent(x), str(y), f"{name}: {figure.text}", figure.url))
        path.append(f"{x:.2f},{(y - TOP) * 100 / PLOT:.2f}")
    return Series(colour(number), " ".join(path), points)


def _marks(labels: Sequence[str]) -> list[Mark]:
    """The labels below the plane, evenly spread, as many as find room."""
    chosen = range(0, len(labels), max(1, -(-(len(labels) - 1) // (MOST_LABELS - 1))))
    anchors = {0: "start", len(labels) - 1: "end"} if len(labels) > 1 else {}
    edges = {"start": 0.0, "end": 100.0}
    return [
        Mark(
            _percent(edges.get(anchors.get(place, ""), _across(place, len(labels)))),
            TOP + PLOT + 17,
            anchors.get(place, "middle"),
            labels[place],
        )
        for place in chosen
    ]


def _across(place: int, count: int) -> float:
    return INSET + (100 - 2 * INSET) * place / (count - 1) if count > 1 else 50.0


def _pixel(number: Number, least: Number, most: Number) -> int:
    return TOP + round(PLOT * (float(most) - float(number)) / (float(most) - float(least)))


def _length(row: Sequence[Figure], *, stacked: bool) -> float:
    """How long the longest bar of a row is."""
    found = [abs(float(figure.number)) for figure in row if figure.number is not None]
    return sum(found) if stacked else max(found, default=0.0)


def _most(numbers: Iterable[Number | None]) -> float:
    return max((abs(float(number)) for number in numbers if number is not None), default=0.0) or 1.0


def _share(number: Number, most: float) -> float:
    return 100 * abs(float(number)) / most


def _short(number: Number) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def _percent(share: float) -> str:
    return f"{share:.2f}%"
