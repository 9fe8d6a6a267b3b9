"""Catalogues are exported to translators' tools and imported again; review states are kept."""

import json
import re
import tomllib

import pytest
from babel.messages.catalog import Catalog

from bot.i18n import catalogues, exchange
from bot.i18n.exchange import Unit

ENGLISH = "Address: {address}"


@pytest.fixture
def catalog() -> Catalog:
    return catalogues.read("ru")


@pytest.fixture(scope="module")
def source() -> Catalog:
    return catalogues.extract()


@pytest.mark.parametrize("form", ["po", "xliff"])
def test_catalogue_export_and_import_round_trips_without_changes(
    form: str, catalog: Catalog, source: Catalog
) -> None:
    content = exchange.to_po(catalog) if form == "po" else exchange.to_xliff("ru", catalog)
    units = exchange.read(content, "ru")
    assert len(units) == len([message for message in catalog if message.id and message.string])
    merged = exchange.merge("ru", catalog, source, units)
    assert merged == exchange.Merged(0, 0, (), ())


def test_xliff_export_contains_length_limit_source_file_and_language(catalog: Catalog) -> None:
    text = exchange.to_xliff("zh_Hans", catalogues.read("zh_Hans")).decode()
    assert 'target-language="zh-Hans"' in text
    assert 'maxwidth="20" size-unit="char"' in text
    assert "<note>bot/content/cards.py</note>" in text


def test_translation_review_is_void_when_the_sentence_changes(
    catalog: Catalog, source: Catalog
) -> None:
    before = catalog.get(ENGLISH)
    assert before is not None
    text = str(before.string)
    units = [Unit("", ENGLISH, text, reviewed=True)]
    assert exchange.merge("ru", catalog, source, units).reviewed == 1
    again = exchange.read(exchange.to_po(catalog), "ru")
    assert [unit.english for unit in again if unit.reviewed] == [ENGLISH]
    assert b'approved="yes"' in exchange.to_xliff("ru", catalog)
    merged = exchange.merge("ru", catalog, source, [Unit("", ENGLISH, "Адресс: {address}")])
    assert merged.changed == 1
    changed = catalog.get(ENGLISH)
    assert changed is not None
    assert not exchange.is_reviewed(changed)


def test_translation_review_comment_is_bound_to_its_sentence(catalog: Catalog) -> None:
    message = catalog.get(ENGLISH)
    assert message is not None
    message.user_comments = ["check: a doubt", "reviewed: GT"]
    assert not exchange.is_reviewed(message)
    assert (exchange.seal(catalog), exchange.seal(catalog)) == (1, 0)
    assert exchange.is_reviewed(message)
    assert message.user_comments[1].endswith(" GT")
    message.string = "Адресс: {address}"
    assert not exchange.is_reviewed(message)


def test_catalogue_import_skips_a_translation_that_breaks_a_rule(
    catalog: Catalog, source: Catalog
) -> None:
    before = str(getattr(catalog.get(ENGLISH), "string", ""))
    units = [Unit("", ENGLISH, "Адрес: {place}"), Unit("", "No such sentence.", "Нет.")]
    merged = exchange.merge("ru", catalog, source, units)
    assert [fault.rule for fault in merged.faults] == ["places"]
    assert merged.unknown == ("No such sentence.",)
    assert str(getattr(catalog.get(ENGLISH), "string", "")) == before


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE xliff [<!ENTITY many "many times">]><xliff>&many;</xliff>',
        b"<xliff",
        b"msgid nonsense",
        b" " * (exchange.MAX_BYTES + 1),
    ],
)
def test_catalogue_import_rejects_an_unreadable_file(content: bytes) -> None:
    with pytest.raises(exchange.Unreadable):
        exchange.read(content, "ru")


# The fields of a Weblate component that weblate.json sets. Weblate's command `import_json` sets
# project and repository.
WEBLATE_FIELDS = frozenset({
    "name", "slug", "filemask", "new_base", "file_format", "language_regex", "new_lang",
    "check_flags", "license",
})  # fmt: skip


def test_weblate_component_matches_the_catalogue_files() -> None:
    (component,) = json.loads((catalogues.LOCALES / "weblate.json").read_text("utf-8"))
    assert component.keys() == WEBLATE_FIELDS
    assert not any("example" in value for value in component.values())
    project = tomllib.loads((catalogues.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert component["license"] == project["license"]
    assert component["new_lang"] == "none", "a language is added in the repository"
    assert (catalogues.ROOT / component["new_base"]).is_file()
    for code in catalogues.HAND_MADE:
        assert re.search(component["language_regex"], code)
        assert (catalogues.ROOT / component["filemask"].replace("*", code)).is_file()
    for code in catalogues.BUILT:
        assert not re.search(component["language_regex"], code)
