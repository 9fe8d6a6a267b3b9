"""The areas whose alterations the tests must detect: flows, understanding and permissions.

In flows and understanding, mutmut alters functions. Permissions have two areas. In the area
"policy", the conditions of rules and the permissions of console routes are changed too. In the area
"permissions", which is the code that applies the policy, single checks are removed too.
"""

import ast
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest

from tests.proof.mutations import ROOT, Altered, Source, load, module_of

# The tests of flows, without the slow ones and without repetitions in other languages and scripts.
FLOW_TESTS = (
    "tests/flows",
    "-k=not kk_Arab and not uz and not zh_Hans",
    *(
        f"--ignore=tests/flows/test_{name}.py"
        for name in ("histories", "terminal", "switching", "facts", "purity")
    ),
)
UNDERSTANDING_TESTS = (
    *(
        f"tests/understanding/test_{name}.py"
        for name in (
            "decision", "entities", "external_model", "features", "floors", "model", "politeness",
            "recognizer", "skeleton", "spoken_lines",
        )
    ),
    *("tests/i18n/test_crisis_patterns.py", "tests/i18n/test_reserved_words.py"),
    "tests/flows/test_hearing.py",
)  # fmt: skip
# Tests of rules and routes that use no database, so that trying an alteration takes little time.
POLICY_TESTS = (
    *("tests/officers/test_permissions.py", "tests/web/test_console_access.py"),
    "-k=permissions_of_every_role or permission_test_list or actions_that_need_a_passkey"
    " or permission_is or is_ever_allowed or denied_permission or topics_restrict_permissions"
    " or console_routes_toml or without_a_permission_rule",
)
# Tests with a database that execute the checks in little time. Tests of row-level security are left
# out, because it is written in SQL, which is not altered.
PERMISSION_TESTS = (
    *("tests/officers", "tests/desk/test_actions.py", "tests/desk/test_break_glass.py"),
    *("tests/desk/test_bursts.py", "tests/broadcasts/test_broadcasts.py"),
    *("tests/editorial/test_drafts.py", "tests/editorial/test_canned.py"),
    *("tests/web/api/test_tokens.py", "tests/web/api/test_status.py"),
    *("tests/web/api/test_announcements.py", "tests/desk/test_unnoticed.py"),
    *("tests/cases/test_cases.py", "tests/outgoing_webhooks/test_delivery.py"),
    *(
        f"tests/web/test_{name}.py"
        for name in (
            *("attempts", "console"),
            *("console_access", "console_forms", "console_kept", "console_officers"),
            *("console_passkeys", "console_sessions", "message_limits"),
        )
    ),
    "-k=not row_security and not console_role and not audit and not move_case"
    " and not no_attempt_left",
)

type Drawing = Iterator[Altered]


@dataclass(frozen=True)
class Area:
    """The modules of an area, and the tests (pytest's arguments) that must detect alterations.

    `others` yield alterations that mutmut does not make. The caches of modules whose names begin
    with one of `caches` hold results of unaltered code and are cleared. `without` are functions
    that are not altered because they do not run in the program, such as those of training.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    caches: tuple[str, ...]
    others: tuple[Callable[[random.Random], Drawing], ...] = ()
    without: frozenset[str] = frozenset()

    def drawn(self, names: Sequence[str], seed: int) -> Drawing:
        """Return alterations in random order; functions and each source in `others` take turns.

        With `names`, return only alterations of functions in these modules or at these places.
        """
        load(self.modules)
        numbers = random.Random(seed)
        chosen = [name for name in names if ":" in name]
        modules = [name.partition(":")[0] for name in names] or list(self.modules)
        sources = [_functions(dict.fromkeys(modules), chosen, numbers)]
        sources += () if names else (each(numbers) for each in self.others)
        found = filter(None, chain.from_iterable(zip_longest(*sources)))
        return (each for each in found if each.reached[0][1] not in self.without and may_run(each))


def may_run(each: Altered) -> bool:
    """Return False for a changed `assert_never`, which mypy proves to be unreachable."""
    return "assert_never(" not in each.diff


def _functions(modules: Iterable[str], chosen: Sequence[str], numbers: random.Random) -> Drawing:
    """Yield alterations of functions in the modules, in random order.

    With `chosen`, yield only those at these places (`module:number`).
    """
    files = {name: Source(name) for name in modules}
    places = [(name, number) for name, file in files.items() for number in range(len(file))]
    numbers.shuffle(places)
    if chosen:
        places = [place for place in places if "{}:{}".format(*place) in chosen]
    return filter(None, (files[name].altered(number) for name, number in places))


def rules(numbers: random.Random) -> Drawing:
    """Yield alterations, each of one role, state or other condition of a rule of the policy.

    The policy is the table of permissions in `bot.officers.permissions`.
    """
    from bot.officers import permissions
    from bot.officers.permissions import RULES, Owner, Role

    changes: list[tuple[permissions.Action, dict[str, object]]] = []
    for action, rule in RULES.items():
        changes += [(action, {"roles": rule.roles ^ {role}}) for role in Role]
        changes += [(action, {"mission": not rule.mission}), (action, {"strong": not rule.strong})]
        states = (*permissions.OPEN, permissions.RESOLVED) if rule.states else ()
        changes += [(action, {"states": rule.states ^ {state}}) for state in sorted(states)]
        changes += [(action, {"owner": owner}) for owner in Owner if owner != rule.owner]
    numbers.shuffle(changes)
    module = permissions.__name__
    reached = tuple((module, name) for name in ("check", "needs_passkey"))
    for action, change in changes:
        ((name, value),) = change.items()
        shown = ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)
        put = partial(_put_rule, action, change)
        yield Altered(f"rule {action}", "rules", reached, put, f"+{action}: {name} = {shown}")


def _put_rule(action: str, change: dict[str, object]) -> None:
    from bot.officers.permissions import RULES, Action

    assert isinstance(RULES, dict)
    RULES[Action(action)] = replace(RULES[Action(action)], **change)


def routes(numbers: random.Random) -> Drawing:
    """Yield alterations that let every officer use a route of the console (action `SELF`)."""
    from bot.officers.permissions import Action
    from bot.web.console import ROUTERS, routing

    known = [each for router in ROUTERS for each in router.routes]
    found = [each for each in known if isinstance(each, routing.ConsoleRoute)]
    found = [each for each in found if each.action is not Action.SELF]
    numbers.shuffle(found)
    names = ("Permission.__call__", "ConsoleRoute.action")
    reached = tuple((routing.__name__, name) for name in names)
    for each in found:
        put = partial(object.__setattr__, each.permission, "action", Action.SELF)
        name = f"route {''.join(each.methods or ())} {each.path}"
        yield Altered(name, "routes", reached, put, f"-{name} {each.action}\n+{Action.SELF}")


def checks(numbers: random.Random) -> Drawing:
    """Yield alterations, each of which removes one check of a permission from a function."""
    found: list[Altered] = []
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if "require" in path.read_text("utf-8"):
            source = Source(module_of(str(path)))
            found += filter(None, _left_out(source))
    numbers.shuffle(found)
    yield from found


def _left_out(source: Source) -> Iterator[Altered | None]:
    """Yield the alterations of a module that replace one check of a permission by `pass`."""
    lines = source.text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Expr) and _is_check(node.value):
            first, last = node.lineno - 1, node.end_lineno
            kept = [*lines[:first], " " * node.col_offset + "pass\n", *lines[last:]]
            yield source.instead(f"check {source.module}:{node.lineno}", "".join(kept))


def _is_check(node: ast.expr) -> bool:
    call = node.value if isinstance(node, ast.Await) else node
    if not isinstance(call, ast.Call):
        return False
    name = ast.unparse(call.func)
    return name.startswith("permissions.require") or name in CHECKS


CHECKS = frozenset({"require_case", "require_permission", "_demand"})


def _modules(*folders: str, but: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the names of the modules in these folders, without those in `but`."""
    files = (path for folder in folders for path in sorted((ROOT / folder).glob("*.py")))
    return tuple(name for name in (module_of(str(path)) for path in files) if name not in but)


AREAS = {
    "flows": Area(
        _modules(
            *("flows/engine", "flows", "flows/preregistration"),
            but=("flows.engine.events", "flows.engine.fast_replace", "flows.engine.state",
                 "flows.engine.language_protocol", "flows.engine.upload_states"),
        ),
        FLOW_TESTS,
        ("flows", "test"),
    ),
    "understanding": Area(
        (
            *(
                f"bot.understanding.{name}"
                for name in (
                    "decision", "engine_adapter", "entities", "features", "model", "politeness",
                    "recognizer", "sharing", "skeleton",
                )
            ),
            *("bot.i18n.crisis_words", "bot.i18n.crisis_patterns"),
        ),
        UNDERSTANDING_TESTS,
        ("flows", "test", "bot.understanding", "bot.i18n.crisis"),
        without=frozenset({"Model.save", "calibrated", "softmax", "letter_codes"}),
    ),
    "policy": Area(
        ("bot.officers.permissions",), POLICY_TESTS, ("bot.officers",), (rules, routes)
    ),
    "permissions": Area(
        (
            *("bot.officers.directory", "bot.officers.sessions", "bot.officers.api_tokens"),
            *("bot.web.console.routing", "bot.web.console.request_context"),
            *("bot.web.api.requests", "bot.desk.transaction"),
        ),
        PERMISSION_TESTS,
        ("bot.officers", "bot.web.console.request_context"),
        (checks,),
    ),
}  # fmt: skip
