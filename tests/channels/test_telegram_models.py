"""aiogram's models: which are built at start-up, and whether our structs agree with them."""

import subprocess
import sys
import types
import typing
from typing import Any, get_args, get_origin

import msgspec
import pytest

from bot.channels.telegram import updates

# Measured in a separate process, because other tests in this process build more models.
MEASURE = """
import resource, sys
import aiohttp, msgspec, pydantic, bot.channels

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6

before = resident_mb()
from bot.channels.telegram import client, deferred_models, layout, mini_app, profile, session
growth = resident_mb() - before
import aiogram.methods, aiogram.types

def built(module):
    return sum(each.__pydantic_complete__ for each in deferred_models.models(module))

counts = built(aiogram.types), built(aiogram.methods)
named = [deferred_models.models(each) for each in (client, layout, mini_app, profile, session)]
used = {*sum(named, []), mini_app.WebAppUser, mini_app.WebAppInitData}
unbuilt = sorted(each.__name__ for each in used if not each.__pydantic_complete__)
print(int(growth), *counts, len(used), *unbuilt)
"""
# Measured: the import takes 28 MB, and builds the models of 12 of 403 types and of 15 of 188
# methods.
MAX_GROWTH_MB = 45
MAX_BUILT_TYPES = 15
MAX_BUILT_METHODS = 20


@pytest.fixture(scope="module")
def measured() -> list[str]:
    """Return MEASURE's output, split at spaces.

    It has the growth of memory in MB, the numbers of built types, of built methods and of models
    that Kosh uses, and the names of used models that are not built.
    """
    command = [sys.executable, "-W", "ignore", "-c", MEASURE]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_aiogram_import_stays_within_its_memory_budget(measured: list[str]) -> None:
    assert int(measured[0]) <= MAX_GROWTH_MB


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_aiogram_import_builds_only_the_pydantic_models_in_use(measured: list[str]) -> None:
    assert 0 < int(measured[1]) <= MAX_BUILT_TYPES
    assert 0 < int(measured[2]) <= MAX_BUILT_METHODS


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_aiogram_models_in_use_are_built_at_startup(measured: list[str]) -> None:
    assert int(measured[3]) > 20
    assert measured[4:] == []


UNUSED = """
from bot.channels.telegram import deferred_models
import aiogram, aiogram.types, aiogram.methods
from pydantic import TypeAdapter

chat = {"id": 1, "type": "private"}
via_bot = {"id": 2, "is_bot": True, "first_name": "x"}
message = {"message_id": 1, "date": 1, "chat": chat, "via_bot": via_bot}
update = {"update_id": 1, "message": message}
answer = aiogram.methods.Response[aiogram.types.Message]
assert answer.model_validate({"ok": True, "result": message}).result.via_bot.id == 2
assert TypeAdapter(list[aiogram.types.Update]).validate_python([update])
every = deferred_models.models(aiogram.types) + deferred_models.models(aiogram.methods)
for each in every:
    each.model_rebuild()
print(*[each.__name__ for each in every if not each.__pydantic_complete__])
"""


@pytest.mark.release
def test_aiogram_models_not_in_use_are_built_on_first_use() -> None:
    """Check that models that Kosh does not use work as they do after a plain import."""
    command = [sys.executable, "-W", "ignore", "-c", UNUSED]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout == "\n"


# Updates: our structs compared with aiogram's types -------------------------------------------


PAIRS: list[tuple[type[msgspec.Struct], str]] = [
    (updates._Update, "Update"),
    (updates._Message, "Message"),
    (updates._User, "User"),
    (updates._Chat, "Chat"),
    (updates._Contact, "Contact"),
    (updates._File, "Document"),
    (updates._File, "PhotoSize"),
    (updates._Place, "Message"),
    (updates._Inaccessible, "InaccessibleMessage"),
    (updates._Query, "CallbackQuery"),
    (updates._MemberUpdate, "ChatMemberUpdated"),
    (updates._Member, "ChatMemberMember"),
    (updates._Member, "ChatMemberBanned"),
]


def _model(name: str) -> Any:
    import aiogram.types

    model = getattr(aiogram.types, name)
    model.model_rebuild()
    return model


def _kinds(hint: Any) -> set[str]:
    """Return the kinds of JSON value that a type hint accepts, without null."""
    if hint is type(None):
        return set()
    if get_origin(hint) is typing.Annotated:
        return _kinds(get_args(hint)[0])
    if get_origin(hint) in (typing.Union, types.UnionType):
        return set().union(*map(_kinds, get_args(hint)))
    if get_origin(hint) is typing.Literal:
        return {kind for value in get_args(hint) for kind in _kinds(type(value))}
    if get_origin(hint) is list:
        return {"list"}
    for kind in (bool, int, str):
        if isinstance(hint, type) and issubclass(hint, kind):
            return {kind.__name__}
    return {"object"}


@pytest.mark.parametrize(("struct", "name"), PAIRS)
def test_telegram_update_field_types_match_aiogram(struct: type[msgspec.Struct], name: str) -> None:
    published = {
        field.alias or attribute: field for attribute, field in _model(name).model_fields.items()
    }
    for field in msgspec.structs.fields(struct):
        assert field.encode_name in published, field.encode_name
        aiogram_kinds = _kinds(published[field.encode_name].annotation)
        assert _kinds(field.type) == aiogram_kinds, field.encode_name


@pytest.mark.parametrize(("struct", "name"), PAIRS)
def test_telegram_update_required_fields_are_required_in_aiogram(
    struct: type[msgspec.Struct], name: str
) -> None:
    fields = _model(name).model_fields
    published = {field.alias or attribute: field for attribute, field in fields.items()}
    for field in msgspec.structs.fields(struct):
        if field.required:
            aiogram_field = published[field.encode_name]
            constant = get_origin(aiogram_field.annotation) is typing.Literal
            assert aiogram_field.is_required() or constant, field.encode_name


def test_telegram_message_content_kinds_exist_in_aiograms_message() -> None:
    assert {*updates.CONTENTS} <= {*_model("Message").model_fields}


def test_telegram_update_kinds_exist_in_aiograms_update() -> None:
    assert {*updates.KINDS} <= {*_model("Update").model_fields}
