"""`languages`: translation catalogues and their checks."""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from babel.messages.catalog import Catalog

from bot.i18n import (
    catalogues,
    exchange,
    kazakh_arabic_report,
    lint,
    lint_rules,
    plain_language,
    script_overrides,
    spelling,
)

app = typer.Typer(no_args_is_help=True, help="Catalogues: extract, check, report.")

# A translator comment that begins with this text marks a translation that a native speaker should
# check.
CHECK = "check:"
HEADS = (
    "language",
    "strings",
    "translated",
    "to check",
    "reviewed",
    "faults",
    "overrides",
    "words",
    "longest",
)
COLUMNS = "{:<9}{:>8}{:>12}{:>10}{:>10}{:>8}{:>11}{:>7}  {}"


@app.command()
def extract() -> None:
    """Update the catalogues from the source: add new sentences untranslated, remove unused ones.

    A comment `# reviewed:` that a person has added to a sentence by hand gets a hash, so that it
    counts only for the sentence's present wording.
    """
    catalogues.update()
    for code in catalogues.HAND_MADE:
        if exchange.seal(catalog := catalogues.read(code)):
            catalogues.write(code, catalog)
    typer.echo(f"Brought to the source: {', '.join(catalogues.HAND_MADE)}.")


@app.command()
def check() -> None:
    """Print the faults of the English texts and of every catalogue; exit with 1 if there is one."""
    source = catalogues.extract()
    faults = lint.findings("en", source, source)
    for code in (*catalogues.HAND_MADE, *catalogues.BUILT):
        faults += lint.findings(code, catalogues.read(code), source)
    faults += [fault for code in spelling.CODES for fault in _unreviewed(code)]
    faults += _template_findings(source)
    for fault in faults:
        context = f" ({fault.context})" if fault.context else ""
        typer.echo(f"{fault.file}: {fault.rule}: {fault.detail}\n    {fault.msgid}{context}")
    counts = Counter(fault.file for fault in faults)
    for file, count in counts.items():
        typer.echo(f"{count:>5}  {file}")
    if not faults:
        typer.echo("All is well.")
    sys.exit(1 if faults else 0)


def _template_findings(source: Catalog) -> Iterator[lint.Finding]:
    """Yield a finding if the stored template (locales/bot.pot) differs from the code's texts."""
    stored = catalogues.read_template() if catalogues.template().is_file() else Catalog()
    if _entries(stored) != _entries(source):
        yield lint.Finding("locales/bot.pot", "", "", "template", "Run ./kosh languages extract")


def _entries(catalog: Catalog) -> set[tuple[str, str, frozenset[str]]]:
    return {(m.context or "", str(m.id), frozenset(m.flags)) for m in catalog if m.id}


def _unreviewed(code: str) -> Iterator[lint.Finding]:
    catalog, known = catalogues.read(code), spelling.accepted_words(code)
    words = spelling.doubtful(code, catalog)
    if words is None:
        typer.echo(f"Spelling of {code} is left out: hunspell has no dictionary here.", err=True)
    for word, english in (words or {}).items():
        if word not in known:
            detail = f"{word}: is it right? Then ./kosh languages words --accept"
            yield lint.Finding(lint.file(code), "", english, "word", detail)


@app.command()
def words(
    accept: Annotated[bool, typer.Option(help="Add the printed words to locales/words.")] = False,
) -> None:
    """Print unreviewed words that the spelling dictionary lacks, or that script conversion damages.

    Conversion damages a word if converting it to the other script and back changes it.
    """
    for code in spelling.CODES:
        found = spelling.doubtful(code, catalogues.read(code))
        if found is None:
            typer.echo(f"{code}: hunspell has no dictionary here")
            continue
        new = sorted(found.keys() - spelling.accepted_words(code))
        typer.echo(f"{code}: {', '.join(new) or 'none'}")
        if accept:
            spelling.accept(code, found)


class Format(StrEnum):
    """File format in which translators get a catalogue."""

    PO = "po"
    XLIFF = "xliff"


Code = Annotated[str, typer.Argument(help="The language: kk, ru, zh_Hans or uz.")]


@app.command("export")
def export_file(
    code: Code,
    to: Annotated[Path, typer.Option(help="The file to write.")],
    as_format: Annotated[Format, typer.Option("--format", help="po or xliff.")] = Format.XLIFF,
) -> None:
    """Write a language's catalogue as PO or XLIFF 1.2, with length limits, notes and reviews."""
    catalog = catalogues.read(_check_code(code))
    is_po = as_format is Format.PO
    to.write_bytes(exchange.to_po(catalog) if is_po else exchange.to_xliff(code, catalog))
    typer.echo(f"{code}: {len(catalog)} sentences, {to}")


@app.command("import")
def import_file(
    code: Code, file: Annotated[Path, typer.Argument(help="A PO or XLIFF file.")]
) -> None:
    """Import translations from a file, except those that break a rule; exit with 1 if any does.

    Sentences that the file marks as approved count as reviewed by a native speaker.
    """
    catalog, source = catalogues.read(_check_code(code)), catalogues.extract()
    try:
        units = exchange.read(file.read_bytes(), code)
    except exchange.Unreadable as error:
        typer.echo(f"{error}: {file} is no PO or XLIFF file of a catalogue.", err=True)
        sys.exit(2)
    merged = exchange.merge(code, catalog, source, units)
    catalogues.write(code, catalog)
    for fault in merged.faults:
        typer.echo(f"left out: {fault.rule}: {fault.detail}\n    {fault.msgid}")
    typer.echo(
        f"{code}: {merged.changed} changed, {merged.reviewed} reviewed, {len(merged.faults)} left"
        f" out, {len(merged.unknown)} unknown"
    )
    sys.exit(1 if merged.faults else 0)


def _check_code(code: str) -> str:
    if code not in catalogues.HAND_MADE:
        raise typer.BadParameter(f"choose one of {', '.join(catalogues.HAND_MADE)}")
    return code


@app.command()
def sample(
    seed: Annotated[int, typer.Option(help="The same seed selects the same sentences.")],
    count: Annotated[int, typer.Option(help="Sentences for each language.")] = 200,
    only: Annotated[str, typer.Option(help="Print only this language, such as kk_Arab.")] = "",
) -> None:
    """Print random sentences of each hand-translated language beside the English, to proofread."""
    for code in (only,) if only else catalogues.HAND_MADE:
        messages = sorted(catalogues.messages(code).items())
        # A pseudo-random generator suffices, because the same seed must repeat the sample and
        # nothing is secret.
        drawn = random.Random(f"{seed}:{code}").sample(messages, min(count, len(messages)))
        for number, ((context, english), text) in enumerate(drawn, 1):
            typer.echo(
                f"{code} {number}. {text}\n    {english}{f' ({context})' if context else ''}"
            )


@app.command()
def report() -> None:
    """Print each language's progress and longest labels, and the accuracy of script conversion."""
    source = catalogues.extract()
    strings = sum(1 for message in source if message.id)
    typer.echo(COLUMNS.format(*HEADS))
    for code in (*catalogues.HAND_MADE, *catalogues.BUILT):
        catalog = catalogues.read(code)
        faults = Counter(fault.rule for fault in lint.findings(code, catalog, source))
        translated = len([each for each in catalog if each.id and each.string and not each.fuzzy])
        others = faults.total() - faults["missing"] - faults["fuzzy"] - faults["extra"]
        marks = (
            _count_marked(catalog, CHECK),
            sum(exchange.is_reviewed(message) for message in catalog if message.id),
            others,
            _overrides(code),
            len(spelling.accepted_words(code)),
        )
        typer.echo(
            COLUMNS.format(code, strings, translated, *marks, _longest(code, catalog, source))
        )
    english = [str(message.id) for message in source if message.id]
    long = sum(len(plain_language.long_sentences(text)) for text in english)
    bare = sum(len(plain_language.bare_pronouns(text)) for text in english)
    most = plain_language.MAX_WORDS
    typer.echo(
        f"\nEnglish: {long} sentences of more than {most} words, {bare} begin with a pronoun"
    )
    typer.echo("\nkk_Arab by rule, against the names that people wrote for CLDR:")
    for name, found in kazakh_arabic_report.with_cldr().items():
        missed = "; ".join(map(_describe_mismatch, found.missed))
        same = f"{len(found.pairs) - len(found.missed)} of {len(found.pairs)}"
        typer.echo(f"  {name:<9} {found.share:>6.1%}  {same}{missed and f'  ({missed})'}")


def _describe_mismatch(pair: tuple[str, str]) -> str:
    one, other = pair
    cldr_form = kazakh_arabic_report.CLDR_ERRORS.get(pair)
    own = f", where CLDR contradicts itself: its full form is {cldr_form}" if cldr_form else ""
    return f"{one} is {other} there{own}"


def _overrides(code: str) -> int:
    """Count the words and labels that a hand-written list converts to the language's script.

    The list contains those that the conversion rules convert wrongly.
    """
    words = {"kk_Arab": script_overrides.TOTE, "uz_Cyrl": script_overrides.UZBEK}.get(code, {})
    return len(words) + sum(
        1 for built, _context, _english in script_overrides.LABELS if built == code
    )


def _count_marked(catalog: Catalog, mark: str) -> int:
    """Return the number of entries with a translator comment that begins with `mark`."""
    return sum(
        any(comment.startswith(mark) for comment in message.user_comments)
        for message in catalog
        if message.id
    )


def _longest(code: str, catalog: Catalog, source: Catalog) -> str:
    """Return, for each kind of text with a length limit, the longest label, all in one line."""
    longest: dict[str, str] = {}
    for message in source:
        context = message.context or ""
        found = catalog.get(str(message.id), message.context) if message.id else None
        if found and found.string and lint_rules.LIMIT.search(context):
            text = lint_rules.at_longest(str(found.string), code)
            longest[context] = max(longest.get(context, ""), text, key=len)
    return "; ".join(f"{context}: {len(text)} “{text}”" for context, text in longest.items())
