"""Measure the time and memory of printing checklists in every language and script."""

import resource
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from time import perf_counter

from bot.i18n import NAMES, Languages
from bot.printing import pdf as printing_pdf
from flows.knowledge.facts import COLLECTED
from flows.knowledge.origins import ORIGINS

TARGET_SECONDS = 10


def situations() -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield (language, answers for one checklist), for each language, family and citizenship."""
    families = ("both", "children", "spouse", "alone", "relatives")
    for family, origin, language in product(families, ORIGINS, NAMES):
        yield (
            language,
            {
                "programme": "kandas_status",
                "citizenship": origin,
                "family": family,
                "child_papers": "unsure",
                "ethnicity_papers": "unsure",
                "location": "unsaid",
            },
        )


def measured(count: int, folder: Path | None) -> str:
    """Print `count` checklists in this process; write them into `folder` unless it is None."""
    languages = Languages()
    printing_pdf.render_pdf(languages, {}, "kk", COLLECTED)
    sizes = []
    start = perf_counter()
    for number, (language, answers) in enumerate(islice(situations(), count)):
        pdf = printing_pdf.render_pdf(languages, answers, language, COLLECTED)
        sizes.append(len(pdf))
        if folder is not None:
            (folder / f"{number:03}-{language}.pdf").write_bytes(pdf)
    taken = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{len(sizes)} checklists in six written forms: {taken:.1f} s"
        f" (target: 100 in {TARGET_SECONDS} s), {sum(sizes) // len(sizes) // 1024} kB each,"
        f" {peak} MB at most"
    )
