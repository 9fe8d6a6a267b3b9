"""Fuzz targets: code that reads untrusted bytes may reject them, but must not fail otherwise.

`uv run --group fuzz python -m tests.proof.fuzz telegram --seconds 60` continues from the corpus
with atheris. The command stores crashing input beside the corpus, and the tests replay both.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

CORPUS = Path(__file__).parent / "corpus"
TARGETS: dict[str, Callable[[bytes], None]] = {}


def target(act: Callable[[bytes], None]) -> Callable[[bytes], None]:
    TARGETS[act.__name__] = act
    return act


def seeds(name: str) -> list[Path]:
    """Return the corpus files of the target `name`, including inputs that once failed."""
    return sorted((CORPUS / name).iterdir())


@target
def telegram(data: bytes) -> None:
    """Parse the body of a Telegram webhook request; only Unreadable may be raised."""
    from bot.channels import Unreadable
    from bot.channels.telegram.updates import arrival

    try:
        arrival(data)
    except Unreadable:
        return


@target
def whatsapp(data: bytes) -> None:
    """Parse the body of a WhatsApp webhook request; only Unreadable may be raised."""
    from bot.channels import Unreadable
    from bot.channels.whatsapp.updates import arrivals

    try:
        arrivals(data, "100000000000777", 1_795_000_000)
    except Unreadable:
        return


@target
def normaliser(data: bytes) -> None:
    """Normalise typed text: a second pass must change nothing, and the result must be storable."""
    from bot.i18n import normalization

    text = data.decode("utf-8", "surrogateescape")
    clean = normalization.clean(text)
    assert normalization.clean(clean) == clean
    assert "\0" not in clean
    clean.encode()


@target
def sniffing(data: bytes) -> None:
    """Recognise a file's type by its first bytes; the result must be a supported type or None."""
    from bot.file_sanitizer.file_types import HEAD, kind_of

    assert kind_of(data[:HEAD]) in (None, "jpeg", "png", "webp", "pdf", "heic")


@target
def envelope(data: bytes) -> None:
    """Decrypt arbitrary bytes by a person's key and by the vault: each must raise VaultError."""
    from bot.security.key_files import Keys, VaultError
    from bot.security.vault import PersonKey, Vault

    person = UUID(int=7)
    vault = Vault(Keys(epoch={1: b"e" * 32}, index={1: b"i" * 32}, ask={1: b"a" * 32}))
    unsealers: tuple[Callable[[], bytes], ...] = (
        lambda: PersonKey(person, b"k" * 32).unseal(data, "cases", "body", "1"),
        lambda: vault.unseal_transient(data, "ask"),
    )
    for unseal in unsealers:
        try:
            unseal()
        except VaultError:
            continue
        raise AssertionError("it opened")


def main() -> None:
    """Fuzz the target on the command line; the process ends with status 0 if nothing failed."""
    import atheris

    name, seconds = sys.argv[1], int(sys.argv[sys.argv.index("--seconds") + 1])
    with atheris.instrument_imports(include=["bot"]):
        TARGETS[name](b"")
    kept = f"-artifact_prefix={CORPUS / name}/broke-"
    limits = (f"-max_total_time={seconds}", kept)
    # libFuzzer writes new inputs into the first folder, which is temporary, so that the corpus
    # stays small.
    atheris.Setup([sys.argv[0], *limits, mkdtemp(), str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
