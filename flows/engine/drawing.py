"""Draws a flow: as a Mermaid chart for pages that render it, and as SVG for all others."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from flows.engine.conditions import ALWAYS, describe, reads
from flows.engine.exhaustive_walk import END, PERSON, REFUSED, START, every, walk
from flows.engine.flow import Consent, Flow, HandoffOffer, Notice, RepeatingGroup, Review
from flows.engine.questions import Question

MERMAID = {
    HandoffOffer: '{{{{"{}"}}}}',
    Consent: '[/"{}"/]',
    Notice: '>"{}"]',
    Review: '[["{}"]]',
    RepeatingGroup: '[("{}")]',
}
ENDS = {START: "start", END: "end", PERSON: "a person", REFUSED: "nothing is kept"}


def mermaid(flow: Flow) -> str:
    """Return the flow as a Mermaid chart, with an arrow for each transition that `walk` found."""
    lines = ["flowchart TD"]
    lines += [f'  {_node(end)}(["{title}"])' for end, title in ENDS.items()]
    for item in every(flow):
        if isinstance(item, Question):
            shape = next((MERMAID[kind] for kind in MERMAID if isinstance(item, kind)), '["{}"]')
            lines.append(f"  {item.name}" + shape.format(f"{item.label.msgid}<br/>{item.name}"))
    conditions = {item.name: item.when for item in every(flow)}
    for one, other in sorted(walk(flow).moves, key=lambda move: _places(flow, move)):
        when = conditions.get(other, ALWAYS)
        words = f'|"{describe(when)}"|' if when != ALWAYS else ""
        lines.append(f"  {_node(one)} -->{words} {_node(other)}")
    return "\n".join(lines) + "\n"


def _node(name: str) -> str:
    return name.replace(" ", "_") + "_" if name in ENDS else name


def _places(flow: Flow, move: tuple[str, str]) -> tuple[int, ...]:
    order = [START, *(item.name for item in every(flow)), END, PERSON, REFUSED]
    return tuple(order.index(name) for name in move)


# The SVG shows the questions as an indented list, and starts a new column after each consent. A
# question is indented more than the questions that its condition reads.

WIDTH, STEP, INDENT, GAP, MARGIN, TOP, LINE = 270, 14, 34, 56, 24, 56, 13
COLOURS = {
    HandoffOffer: ("#fdf0d5", "#9c6b1e"),
    Consent: ("#d9efe6", "#1f6b52"),
    Notice: ("#fbe3dc", "#a4472d"),
    Review: ("#d9efe6", "#1f6b52"),
    RepeatingGroup: ("#e4e6f7", "#434a94"),
}
PLAIN = ("#ffffff", "#57606a")
ASIDES = {
    HandoffOffer: ", or a person",
    Consent: ", or nothing is kept",
    RepeatingGroup: ", each person as below",
}
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2328}"
    ".small{font-size:10px;fill:#57606a}"
    ".when{font-size:10px;font-style:italic;fill:#7a4a00}"
    ".title{font-size:16px;font-weight:600}"
    ".way{fill:none;stroke:#8c959f;stroke-width:1.4;marker-end:url(#tip)}"
)
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path d="M0 0 8 4 0 8z" fill="#8c959f"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class Box:
    """A question's box in the drawing: position in pixels, and level of indentation (`level`)."""

    item: Question
    level: int
    x: int
    y: int

    @property
    def when(self) -> list[str]:
        held = self.item.when != ALWAYS
        return textwrap.wrap(f"if {describe(self.item.when)}", 46) if held else []

    @property
    def bottom(self) -> int:
        return self.y + 36 + LINE * len(self.when)

    @property
    def middle(self) -> int:
        return (self.y + self.bottom) // 2


def svg(flow: Flow) -> str:
    """Return the flow as an SVG image with the questions' English labels."""
    columns = _columns(flow)
    boxes = [box for column in columns for box in column]
    width = max((box.x for box in boxes), default=MARGIN) + WIDTH + MARGIN
    height = max((box.bottom for box in boxes), default=TOP) + MARGIN
    title = escape(flow.title.msgid)
    elements = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label="{title}">',
        f"<style>{STYLE}</style>{TIP}",
        f'<rect width="{width}" height="{height}" fill="#fbfaf7"/>',
        f'<text class="title" x="{MARGIN}" y="34">{title}</text>',
        *(connector for column in columns for connector in _connectors(column)),
        *(_column_arrow(one[-1], other[0]) for one, other in pairwise(columns)),
        *(line for box in boxes for line in _box_svg(box)),
        "</svg>",
    ]
    return "\n".join(elements) + "\n"


def _columns(flow: Flow) -> list[list[Box]]:
    columns: list[list[Box]] = [[]]
    x, y = MARGIN, TOP
    for item, level in _indented(flow):
        box = Box(item, level, x + INDENT * level, y)
        columns[-1].append(box)
        y = box.bottom + STEP
        if isinstance(item, Consent):
            x, y = max(each.x for each in columns[-1]) + WIDTH + GAP, TOP
            columns.append([])
    return [column for column in columns if column]


def _indented(flow: Flow) -> Iterator[tuple[Question, int]]:
    """Yield each question with its level of indentation, from 0.

    The level is one more than the highest level of the questions that the condition reads.
    """
    levels: dict[str, int] = {}
    for item in flow.items:
        for each in (item, *item.items) if isinstance(item, RepeatingGroup) else (item,):
            minimum = 0 if each is item else levels[item.name] + 1
            inner_levels = [levels[name] + 1 for name in reads(each.when) if name in levels]
            levels[each.name] = max(minimum, *inner_levels, 0)
            if isinstance(each, Question):
                yield each, levels[each.name]


def _connectors(column: list[Box]) -> Iterator[str]:
    """Yield the SVG lines that connect the boxes of a column.

    A line leads to each box from the nearest box above it that has a lower level. A box on level 0
    is connected to the previous box on level 0.
    """
    for place, box in enumerate(column):
        above = [each for each in column[:place] if each.level < max(box.level, 1)]
        if above:
            start = f"M{above[-1].x + INDENT // 2} {above[-1].bottom}"
            end = f"V{box.middle}H{box.x}" if box.level else f"V{box.y}"
            yield f'<path class="way" d="{start}{end}"/>'


def _column_arrow(one: Box, other: Box) -> str:
    """Return an SVG arrow from the last box of a column to the first box of the next one."""
    half = other.x - GAP // 2
    line_path = f"M{one.x + WIDTH} {one.middle}H{half}V{other.middle}H{other.x}"
    return f'<path class="way" d="{line_path}"/>'


def _box_svg(box: Box) -> Iterator[str]:
    item = box.item
    kind = next((kind for kind in COLOURS if isinstance(item, kind)), Question)
    fill, stroke = COLOURS.get(kind, PLAIN)
    yield (
        f'<g><title>{escape(item.text.msgid)}</title><rect x="{box.x}" y="{box.y}"'
        f' width="{WIDTH}" height="{box.bottom - box.y}" rx="6" fill="{fill}" stroke="{stroke}"/>'
    )
    left, line = box.x + 10, box.y + 15
    yield f'<text x="{left}" y="{line}">{escape(item.label.msgid)}</text>'
    asides = (
        ASIDES.get(kind, ""),
        ", can be skipped" if item.skippable else "",
        "" if item.persisted else ", not kept",
    )
    label = f"{item.name}: {type(item).__name__}{''.join(asides)}"
    yield f'<text class="small" x="{left}" y="{line + LINE}">{escape(label)}</text>'
    for number, words in enumerate(box.when, 2):
        y = line + LINE * number
        yield f'<text class="when" x="{left}" y="{y}">{escape(words)}</text>'
    yield "</g>"
