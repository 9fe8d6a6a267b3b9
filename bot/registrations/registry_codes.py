"""Mapping from the form's answers to codes of the registry."""

import asyncio
from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Any

from bot.i18n import tag
from bot.observability import logging
from bot.registrations.registry_writes import CHECK_SECONDS
from bot.registry.client import Registry
from bot.registry.contract import PreRegistration, ReferenceItem, ReferenceKind
from bot.registry.errors import Refused, RegistryError
from bot.runtime import Runtime
from flows.engine.effects import Submit
from flows.engine.flow import Flow
from flows.knowledge.regions import REGIONS
from flows.preregistration import CLOSED, PREREGISTRATION

_logger = logging.get()

_YES_NO = {"yes": "YES", "no": "NO", "unsure": "UNSURE"}
# For each question, its options with their registry codes. If the code is None, the answer is not
# sent to the registry.
CODES: dict[str, dict[str, str | None]] = {
    "programme": {
        "kandas_status": "KANDAS_STATUS",
        "ata_zholy": "ATA_ZHOLY",
        "registry_preregistration": "REGISTRY_PREREGISTRATION",
    },
    "purpose": {
        "move": "MOVE",
        "study": "STUDY",
        "work": "WORK",
        "business": "BUSINESS",
        "information": "INFORMATION",
    },
    "ethnic_kazakh": dict(_YES_NO),
    "member_kazakh": dict(_YES_NO),
    "target_region": {"undecided": None, **{region.key: region.iso for region in REGIONS}},
    "timeframe": {"half_year": "M6", "year": "Y1", "later": "LATER", "undecided": "UNDECIDED"},
    "education": {
        "higher": "HIGHER",
        "vocational": "VOCATIONAL",
        "secondary": "SECONDARY",
        "other": "OTHER",
    },
    "occupation": {
        "agriculture": "AGRICULTURE",
        "construction": "CONSTRUCTION",
        "trade": "TRADE",
        "education": "EDUCATION",
        "health": "HEALTH",
        "engineering": "ENGINEERING",
        "it": "IT",
        "transport": "TRANSPORT",
        "culture": "CULTURE",
        "other": "OTHER",
        "none": "NONE",
    },
    "kazakh_level": {
        "speaks": "SPEAKS",
        "reads_cyrillic": "READS_CYRILLIC",
        "reads_arabic": "READS_ARABIC",
        "reads_both": "READS_BOTH",
        "little": "LITTLE",
    },
    "support_needed": {
        "housing": "HOUSING",
        "work": "WORK",
        "school": "SCHOOL",
        "language": "LANGUAGE",
        "health": "HEALTH",
        "documents": "DOCUMENTS",
        "other": "OTHER",
    },
    "relation": {"spouse": "SPOUSE", "child": "CHILD", "parent": "PARENT", "other": "OTHER"},
    "age_band": {"under14": "0-13", "14to15": "14-15", "16to17": "16-17", "adult": "18+"},
    "contact": {"chat": "CHAT", "phone": "PHONE", "self": "SELF"},
    "paper": {
        "identity": "ID_DOCUMENT",
        "ethnicity": "NATIONALITY_PROOF",
        "family": "KINSHIP_PROOF",
    },
}
KINDS: dict[str, ReferenceKind] = {
    "programme": "programmes",
    "purpose": "purposes",
    "ethnic_kazakh": "statements",
    "member_kazakh": "statements",
    "target_region": "regions",
    "timeframe": "timeframes",
    "education": "educations",
    "occupation": "occupations",
    "kazakh_level": "kazakh-levels",
    "support_needed": "support-kinds",
    "relation": "relations",
    "age_band": "age-bands",
    "contact": "contact-kinds",
    "paper": "document-kinds",
}
# Reference lists that were added to version 1 of the contract, each with its question. If the
# registry lacks a code of the list, the question is not asked, because a registry of an older
# version would reject the whole request.
OPTIONAL: dict[str, str] = {"support-kinds": "support_needed"}
LANGUAGES = {"kk": "kk-Cyrl", "uz": "uz-Latn"}


async def verify_codes(rt: Runtime) -> Runtime:
    """Return the runtime, with registration closed if the registry lacks a code that Kosh sends.

    The missing codes are logged as an error. If only codes of `OPTIONAL` lists are missing,
    registration stays open without the questions that use these lists. If the registry is
    unreachable, the runtime is returned unchanged, since writes are retried later.
    """
    if rt.registry is None:
        return rt
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            missing = await missing_codes(rt.registry)
    except (RegistryError, TimeoutError) as error:
        code = error.code if isinstance(error, RegistryError) else "E_REGISTRY_UNREACHABLE"
        _logger.warning("registry.codes_unchecked", code=code)
        return rt
    if not missing:
        return rt
    if omitted := omitted_questions(missing):
        _logger.warning("registry.questions_omitted", kinds=missing)
        return replace(rt, flows={**rt.flows, CLOSED.name: _without(omitted)})
    _logger.error("registry.codes_unknown", code="E_REGISTRY_CODES", kinds=missing)
    return replace(rt, flows={**rt.flows, CLOSED.name: CLOSED})


def omitted_questions(missing: Iterable[str]) -> frozenset[str]:
    """Return the form's questions to omit: the registry lacks a code of the list that each uses.

    Only lists in OPTIONAL count. If a code of another list is missing too, registration is closed
    and nothing is omitted.
    """
    kinds = {code.partition(":")[0] for code in missing}
    return frozenset(OPTIONAL[kind] for kind in kinds) if kinds <= OPTIONAL.keys() else frozenset()


def _without(questions: Set[str]) -> Flow:
    items = tuple(item for item in PREREGISTRATION.items if item.name not in questions)
    return replace(PREREGISTRATION, items=items)


async def missing_codes(registry: Registry) -> tuple[str, ...]:
    """Return the codes that Kosh sends and the registry does not list, such as `regions:KZ-55`.

    Raises RegistryError if the registry's lists cannot be read.
    """
    mapped: dict[ReferenceKind, set[str]] = {}
    for name, codes in CODES.items():
        mapped.setdefault(KINDS[name], set()).update(code for code in codes.values() if code)
    lists = await asyncio.gather(*(_reference(registry, kind) for kind in mapped))
    return tuple(
        f"{kind}:{code}"
        for (kind, codes), items in zip(mapped.items(), lists, strict=True)
        for code in sorted(codes - {item.code for item in items})
    )


async def _reference(registry: Registry, kind: ReferenceKind) -> tuple[ReferenceItem, ...]:
    """Return the registry's codes of one kind; () if the registry lacks this OPTIONAL kind."""
    try:
        return await registry.reference(kind)
    except Refused:
        if kind not in OPTIONAL:
            raise
        return ()


def payload(submit: Submit, language: str, consent: dict[str, Any]) -> PreRegistration:
    """Return the request body of a submission, with the answers as registry codes."""
    answers = submit.answers
    return PreRegistration.model_validate(
        {
            **{name: _code(name, answers.get(name)) for name in CODES if name in _TOP},
            "language": LANGUAGES.get(language, tag(language)),
            "surname": answers.get("surname"),
            "given_name": answers.get("given_name"),
            "patronymic": answers.get("patronymic"),
            "name_kk": answers.get("name_kk"),
            "birth_year": int(answers.get("birth_year") or 0),
            "citizenship": _citizenship(answers.get("citizenship")),
            "residence_country": answers.get("residence_country"),
            "residence_region": one_line(answers.get("residence_region") or "") or None,
            "members": tuple(_member(each) for each in submit.members.get("family", ())),
            "contact": {
                "kind": _code("contact", answers.get("contact")),
                "phone": answers.get("phone"),
            },
            "may_contact_first": answers.get("write_first") == "yes",
            "consent": consent,
        }
    )


_TOP = frozenset(PreRegistration.model_fields)


def _code(name: str, key: str | None) -> str | None:
    return None if key is None else CODES[name][key]


def one_line(text: str) -> str:
    """Return free text as one line, because the form accepts several and the registry does not."""
    return " ".join(text.split())


def _citizenship(key: str | None) -> str | None:
    return "XXA" if key == "stateless" else key


def _member(answers: Any) -> dict[str, str | None]:
    return {
        "relation": _code("relation", answers.get("relation")),
        "age_band": _code("age_band", answers.get("age_band")),
        "ethnic_kazakh": _code("member_kazakh", answers.get("member_kazakh")),
    }
