"""Find links and phone numbers in announcements; only links to allowed hosts are accepted."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

# Non-Latin top-level domains that messengers turn into links.
TOP_LEVEL = (
    "рф|қаз|рус|бел|укр|мон|срб|онлайн|сайт|орг|ком|дети|москва|中国|中國|公司|网络|香港|台湾|台灣"
)
_DOT = "[.\u3002\uff0e\uff61]"
_HOST = rf"(?:[^\W_](?:[\w-]*[^\W_])?{_DOT})+(?:[a-z]{{2,}}|xn--[a-z0-9-]+|{TOP_LEVEL})(?!\w)"
_SCHEMES = "blob|callto|data|file|geo|intent|javascript|magnet|mailto|sms|tel|tg|vbscript|whatsapp"
# Text that a messenger turns into a link. This includes @names, which may lead to other bots.
LINK = re.compile(
    rf"[a-z][a-z0-9+.-]*:[/\\]\S*|(?<![a-z])(?:{_SCHEMES}):\S+|(?<![\w.@]){_HOST}(?:[/\\:?#]\S*)?"
    r"|(?<!\w)@\w{4,}",
    re.IGNORECASE,
)
_PLAIN_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
_HOST_OF = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[/\\]*(?:[^/\\@?#]*@)?([^/\\:?#]+)", re.IGNORECASE)
_AFTER_LINK = ".,;:!?)]}»”\"'。，；：！？）"
_DATE = re.compile(
    r"\b\d{1,2}([./-])\d{1,2}\1\d{4}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2}\b|\b\d{4}-\d{2}-\d{2}\b"
    r"|\b\d{1,2}:\d{2}\b"
)
_AMOUNT = re.compile(r"(?<![\d+(-])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d-]|[ \u00a0\u202f]\d)")
_PHONE = re.compile(
    r"\+\s?\d[\d\s().-]{5,}\d|(?<!\w)\d{2,4}-\d{2,3}-\d{2,4}(?!\w)"
    r"|(?<!\w)\(?\d{2,5}\)?(?:[\s().-]*\d){7,12}(?!\w)"
)


def foreign_links(text: str, allowed: Sequence[str]) -> Iterator[str]:
    """Yield all links except https links to an allowed host, as text to show to the author.

    An announcement with such a link is not sent.
    """
    hosts = {each.casefold() for each in allowed if each}
    for found in LINK.findall(text):
        link = found.rstrip(_AFTER_LINK)
        if not _is_allowed(link, hosts):
            yield _link_with_host(link)


def phone_numbers(text: str) -> list[str]:
    """Return substrings that look like phone numbers; ignore links, dates, times and amounts."""
    without = _AMOUNT.sub(" ", _DATE.sub(" ", LINK.sub(" ", text)))
    return [found.strip() for found in _PHONE.findall(without)]


def _is_allowed(link: str, hosts: set[str]) -> bool:
    """Return True if the link is https (or has no scheme) and its host is allowed.

    A host is allowed if it is in `hosts` or is a subdomain of one. User names, ports and
    backslashes are rejected, because they can disguise another host.
    """
    address = link if ":" in link.partition("/")[0] else f"https://{link}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme != "https" or "\\" in link or not _PLAIN_HOST.fullmatch(parts.netloc):
        return False
    host = parts.netloc.casefold()
    return any(host == each or host.endswith(f".{each}") for each in hosts)


def _link_with_host(link: str) -> str:
    """Return a link, followed by the other spelling of its host in brackets, if there is one.

    The other spelling is punycode for a Unicode host, and Unicode for a punycode host.
    """
    found = _HOST_OF.match(link)
    host = found[1] if found else ""
    try:
        spelled = host.encode("idna").decode() if not host.isascii() else _decode_host(host)
    except UnicodeError:
        spelled = ""
    return f"{link} ({spelled})" if spelled and spelled != host else link


def _decode_host(host: str) -> str:
    return host.encode().decode("idna") if "xn--" in host.casefold() else ""
