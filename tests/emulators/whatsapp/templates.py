"""Approved templates, and the messages created from them."""

import re
from dataclasses import dataclass
from typing import Literal

from .wire import Params, Refusal, strict

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
NAME = re.compile(r"[a-z0-9_]{1,512}")
# Meta's codes of the languages in which tests may create templates.
LANGUAGES = {"kk", "ru", "uz", "zh_CN", "zh_HK", "zh_TW", "en", "en_US", "tr", "ky_KG"}
UNTIDY = re.compile(r"[\n\t]| {5,}")
State = Literal["approved", "paused", "disabled", "violating", "pending", "rejected"]
REFUSED = {"paused": 132015, "disabled": 132016, "violating": 132007}


@dataclass(frozen=True, slots=True)
class Template:
    """A template in one language; placeholders are `{{1}}` or `{{name}}`.

    `buttons` are quick replies. `link` is a button (title, URL that may end in a placeholder).
    """

    name: str
    language: str
    body: str
    category: Literal["utility", "marketing", "authentication"] = "utility"
    header: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()
    link: tuple[str, str] | None = None
    state: State = "approved"

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.language not in LANGUAGES:
            raise ValueError("Meta takes no template of that name or language")


@dataclass(frozen=True, slots=True)
class Hydrated:
    """A filled template: its texts, (title, payload) of its quick replies, and its link button."""

    body: str
    header: str
    replies: tuple[tuple[str, str], ...]
    link: tuple[str, str] | None


class Templates:
    """The templates of the account, by name and language."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Template] = {}

    def add(self, *templates: Template) -> None:
        """Add templates; replace those with the same name and language."""
        self._all |= {(one.name, one.language): one for one in templates}

    def listed(self) -> list[dict[str, str]]:
        """Return all templates in Meta's list format.

        Meta lists a template that violates a policy as approved, and rejects only messages with it.
        """
        return [
            {
                "id": str(number),
                "name": one.name,
                "language": one.language,
                "status": "APPROVED" if one.state == "violating" else one.state.upper(),
            }
            | ({"rejected_reason": "INVALID_FORMAT"} if one.state == "rejected" else {})
            for number, one in enumerate(self._all.values(), 1)
        ]

    def find(self, values: Params) -> Template:
        """Return the template with the requested name and language.

        Raise Refusal 132001 if it is missing or not approved, or the code of its state in REFUSED.
        """
        name, language = values["name"], values["language"]["code"]
        found = self._all.get((name, language))
        if found is None or found.state in ("pending", "rejected"):
            raise Refusal(132001, f"template name ({name}) does not exist in {language}")
        if found.state in REFUSED:
            raise Refusal(REFUSED[found.state])
        return found


def hydrate(template: Template, components: list[Params]) -> Hydrated:
    """Fill a template; reject values that do not fit its placeholders (132000, 132005, 132012)."""
    parts = {part_of(one): one for one in components}
    if len(parts) < len(components):
        raise strict("two components of the template are for the same part")
    body = filled(template.body, values_of(parts.pop("body", None)), "body")
    header = filled(template.header, values_of(parts.pop("header", None)), "header")
    link = linked(template, parts)
    replies = tuple(
        (title, payload_of(parts.pop(f"quick_reply {number}", None)) or title)
        for number, title in enumerate(template.buttons)
    )
    if parts:
        raise Refusal(132000, f"the template has no {', '.join(sorted(parts))}")
    if len(body) > 1024 or len(header) > 60:
        raise Refusal(132005)
    return Hydrated(body, header, replies, link)


def part_of(component: Params) -> str:
    """Return the name of the template's part that a component fills in: "body", "url 0", …"""
    if component["type"] != "button":
        return str(component["type"])
    if "sub_type" not in component or "index" not in component:
        raise Refusal(131008, "The parameters sub_type and index of a button are required.")
    return f"{component['sub_type']} {component['index']}"


def linked(template: Template, parts: dict[str, Params]) -> tuple[str, str] | None:
    """Return the link button with its URL filled in; None if the template has none."""
    if template.link is None:
        return None
    place = f"url {len(template.buttons)}"
    title, address = template.link
    return title, filled(address, values_of(parts.pop(place, None)), "button")


def values_of(component: Params | None) -> list[tuple[str, str]]:
    """Return (name, text) of each value of a component; the name is empty if not given."""
    parameters = component.get("parameters", []) if component else []
    for one in parameters:
        if one["type"] != "text":
            raise Refusal(132012, f"expected a parameter of type TEXT, got {one['type']}")
        if "text" not in one:
            raise Refusal(131008, "Parameter of type text is missing text value")
        if UNTIDY.search(one["text"]):
            words = "Param text cannot have new-line/tab characters or more than 4 spaces in a row"
            raise Refusal(100, words)
    return [(one.get("parameter_name", ""), one["text"]) for one in parameters]


def payload_of(component: Params | None) -> str:
    """Return the payload that a component sets for a quick reply; "" if there is no component."""
    if component is None:
        return ""
    [one] = component.get("parameters") or [{}]
    if one.get("type") != "payload":
        raise Refusal(132012, "expected a parameter of type PAYLOAD")
    return str(one["payload"])


def filled(text: str, values: list[tuple[str, str]], part: str) -> str:
    """Return a text with its placeholders filled in; reject missing and extra values.

    `part` names the template's part in errors.
    """
    places = list(dict.fromkeys(PLACE.findall(text)))
    if len(places) != len(values):
        raise Refusal(
            132000,
            f"{part}: number of localizable_params ({len(values)}) does not match "
            f"the expected number of params ({len(places)})",
        )
    numbered = all(place.isdecimal() for place in places)
    if any(bool(name) == numbered for name, _ in values):
        raise Refusal(132012, f"{part}: parameters are named where they are numbered, or not")
    by_place = (
        dict(zip(sorted(places, key=int), (value for _, value in values), strict=True))
        if numbered
        else dict(values)
    )
    if set(by_place) != set(places):
        raise Refusal(132012, f"{part}: Parameter name is missing or empty")
    return PLACE.sub(lambda found: by_place[found[1]], text)
