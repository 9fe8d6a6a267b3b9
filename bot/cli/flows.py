"""`flows`: checks, walks, and draws the flows, and writes their manifest.

A flow is a sequence of questions in the chat. The manifest lists the properties of questions that
decide if stored answers stay valid.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated

import segno
import typer

from bot.channels.telegram.profile import DESCRIPTION
from bot.cli.environment import read, run_until_signal, with_runtime
from bot.content.live import Snapshot
from bot.content.walk import replace_facts
from bot.content.walk import walk as walk_content
from bot.i18n import Languages
from bot.registrations.registry_codes import CODES
from bot.runtime import Runtime
from flows import FLOWS
from flows.engine import drawing, external_model, hint_screens, verification, voice_messages
from flows.engine.exhaustive_walk import walk as walk_through
from flows.engine.flow import Consent, Flow, Notice
from flows.engine.questions import Choice, YesNo
from flows.engine.text import _
from flows.engine.verification import Finding, Manifest

app = typer.Typer(no_args_is_help=True, help="Flows: check, walk, manifest, draw.")

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "flows" / "manifest.json"
DRAWINGS = ROOT / "docs" / "reference" / "flows"
NOTICE = ROOT / "docs" / "reference" / "notice.md"
NOTICE_HEAD = """# What people read about their data

In every language, in the order in which they meet it: in the empty chat before Start, before the
first personal question, and at each consent. Written by `./kosh flows notice`; do not edit this.
What lies behind it is in [privacy](../explanation/privacy.md)."""
PAGE = """# {title}

The flow `{name}`, drawn by `./kosh flows draw`. Do not edit this page.

![The flow as an indented list: what hangs on a condition stands to the right]({name}.svg)

```mermaid
{chart}```
"""

# Stored questions whose options need no registry codes: two that only choose the branch of the
# form, and one that is sent as a boolean.
WITHOUT_CODES = frozenset({"applying", "details", "write_first"})

Update = Annotated[bool, typer.Option("--update", help="Write the manifest of today's flows.")]
Dropped = Annotated[
    list[str] | None,
    typer.Option(
        "--dropped", help="A question (flow.name) that was removed intentionally; can be repeated."
    ),
]


@app.command()
def check() -> None:
    """Print the faults of the flows (the chat's question sequences); exit with 1 if there are any.

    The texts are checked in all languages.
    """
    found = list(findings(FLOWS))
    if NOTICE.exists() and NOTICE.read_text("utf-8") != notices(FLOWS, Languages()):
        found.append(
            Finding("docs/reference/notice.md", "is not today's; run `./kosh flows notice`")
        )
    for finding in found:
        typer.echo(str(finding))
    typer.echo("All is well." if not found else f"{len(found)} findings.")
    sys.exit(1 if found else 0)


Published = Annotated[
    bool, typer.Option("--published", help="Also walk what the database has published.")
]


@app.command()
def walk(published: Published = False) -> None:
    """Walk every path of every flow, and render all content, shipped and published.

    Exit with 1 if a question is unreachable, a path has no end, or a sentence cannot be rendered.
    """
    whole = True
    for flow in FLOWS.values():
        began = perf_counter()
        walked = walk_through(flow)
        typer.echo(f"{walked} in {(perf_counter() - began) * 1000:.0f} ms")
        whole = whole and not walked.unreached and not walked.stuck
    for name, day in _editions(published):
        content = walk_content(Languages(), day)
        typer.echo(f"{name}: {content.sentences} sentences, {len(content.faults)} faults")
        for fault in content.faults:
            typer.echo(f"  {fault}")
        whole = whole and not content.faults
    sys.exit(0 if whole else 1)


def _editions(published: bool) -> Iterator[tuple[str, date]]:
    """Yield the name and the date of each edition of the content to check.

    An edition is a date object that also contains the content valid on that date. The editions are
    the shipped content; the shipped content with each fact replaced by a copy as if editors had
    published it; and, if `published`, the content that editors published.
    """
    today = datetime.now(UTC).date()
    yield "shipped content", today
    yield "every fact overlaid", replace_facts(Languages(), today)
    if published:
        found: list[Snapshot] = []
        run_until_signal(lambda: with_runtime(read(), partial(_live, found)))
        for each in found:
            name = f"publication {each.version}, {len(each.bodies)} items"
            yield name, each.on(today)


async def _live(found: list[Snapshot], rt: Runtime) -> None:
    found.append(rt.content.snapshot)


@app.command()
def manifest(update: Update = False, dropped: Dropped = None) -> None:
    """Print the manifest: the properties of questions that decide if stored answers stay valid.

    `--update` writes the manifest to its file, unless a change would lose or reinterpret stored
    answers.
    """
    today = verification.manifest(FLOWS)
    if not update:
        typer.echo(_json(today), nl=False)
        return
    wrong = verification.changes(read_manifest(), today, frozenset(dropped or ()))
    for finding in wrong:
        typer.echo(str(finding), err=True)
    if wrong:
        sys.exit(1)
    MANIFEST.write_text(_json(today), encoding="utf-8")
    typer.echo(f"Written: {MANIFEST.relative_to(ROOT)}")


@app.command()
def draw() -> None:
    """Draw every flow into docs/reference/flows, as Mermaid and as SVG."""
    DRAWINGS.mkdir(parents=True, exist_ok=True)
    for name, text in drawings(FLOWS).items():
        (DRAWINGS / name).write_text(text, encoding="utf-8")
        typer.echo(f"Drawn: {(DRAWINGS / name).relative_to(ROOT)}")


@app.command()
def posters(
    bot: Annotated[str, typer.Argument(help="The Telegram bot's name, without @.")],
    to: Annotated[Path, typer.Option(help="Directory for the pictures.")],
) -> None:
    """Write for each flow of the menu an SVG with a QR code that opens the flow in Telegram."""
    to.mkdir(parents=True, exist_ok=True)
    for flow in FLOWS.values():
        if not flow.follows:
            link = f"https://t.me/{bot}?start={flow.name}"
            segno.make(link, error="m", micro=False).save(str(to / f"{flow.name}.svg"), scale=8)
            typer.echo(f"{flow.name}: {link}")


@app.command()
def notice() -> None:
    """Write the privacy texts that people read to docs/reference/notice.md, in every language."""
    NOTICE.write_text(notices(FLOWS, Languages()), encoding="utf-8")


def notices(flows: Mapping[str, Flow], languages: Languages) -> str:
    """Return the page of privacy texts in every language: description, risk notice, consents."""
    items = [item for flow in flows.values() for item in flow.items]
    consents = [item for item in items if isinstance(item, Notice | Consent)]
    shown = {item.text.msgid: item.text for item in consents if item.name == "risk"}
    shown |= {item.text.msgid: item.text for item in consents if isinstance(item, Consent)}
    outside = (external_model.CONSENT, voice_messages.CONSENT)
    named = [_(each.msgid, operator="…") for each in outside]
    page = [NOTICE_HEAD]
    for code, own in languages.languages():
        page.append(f"## {own}")
        page += [
            languages.render(text, code).replace("\n", "\n\n")
            for text in (DESCRIPTION, *shown.values(), *named, hint_screens.CONSENT)
        ]
    return "\n\n".join(page) + "\n"


def findings(flows: Mapping[str, Flow]) -> Iterator[Finding]:
    """Yield the faults of all flows.

    Faults are wrong structure or texts, options without a registry code, and stored questions that
    differ from the manifest (the committed list of questions whose answers are stored).
    """
    yield from verification.check(flows, Languages())
    for flow in flows.values():
        yield from uncoded(flow) if flow.registers else ()
    known, today = read_manifest(), verification.manifest(flows)
    changed = verification.changes(known, today, frozenset())
    yield from changed
    if not changed and known != today:
        yield Finding("manifest", "is not today's; run `./kosh flows manifest --update`")


def uncoded(flow: Flow) -> Iterator[Finding]:
    """Yield a finding for each option without a registry code, in questions with stored answers."""
    for item in flow.questions():
        if type(item) not in (Choice, YesNo) or not item.persisted or item.name in WITHOUT_CODES:
            continue
        codes = CODES.get(item.name, {})
        for option in item.options:
            if option.key not in codes:
                place = f"{flow.name}.{item.name}"
                yield Finding(place, f"the option {option.key} has no registry code")


def read_manifest() -> Manifest:
    """Return the committed manifest of the flows' stored questions; {} if there is none."""
    if not MANIFEST.exists():
        return {}
    found: Manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return found


def drawings(flows: Mapping[str, Flow]) -> dict[str, str]:
    """Return the text of the drawing of each flow, by file name.

    A flow that starts only at a request of the registry has no drawing.
    """
    files: dict[str, str] = {}
    for flow in flows.values():
        if flow.answers_to:
            continue
        chart = drawing.mermaid(flow)
        page = PAGE.format(title=flow.title.msgid, name=flow.name, chart=chart)
        files |= {f"{flow.name}.md": page, f"{flow.name}.svg": drawing.svg(flow)}
    return files


def _json(of: Manifest) -> str:
    """Return the manifest as JSON with one question per line, so that diffs are readable."""
    flows = []
    for flow, questions in of.items():
        lines = [
            f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in questions.items()
        ]
        flows.append(f"  {json.dumps(flow)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(flows) + "\n}\n"
