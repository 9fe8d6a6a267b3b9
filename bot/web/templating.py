"""The Jinja environment of the web pages.

Its filter `linked` converts web addresses in a text to HTML links.
"""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# Matches web addresses in a text. Only ASCII characters match, so that Chinese or Arabic
# punctuation ends an address. Without https://, only names under .kz match, because other words
# with dots may not be addresses.
ADDRESS = re.compile(
    r"https?://[!#-;=?-~]*[\w/&=#%-]"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+kz\b(?:/[\w/&=#%.?-]*[\w/&=#%-])?",
    re.ASCII,
)

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def linked(words: str) -> Markup:
    """Return a text as HTML in which web addresses are links."""
    link = Markup('<a href="{}" dir="auto" target="_blank" rel="noopener noreferrer">{}</a>')
    found, end = Markup(""), 0
    for each in ADDRESS.finditer(words):
        address = each[0] if each[0].startswith("http") else f"https://{each[0]}"
        found += words[end : each.start()]
        found += link.format(address, each[0])
        end = each.end()
    return found + words[end:]


templates.filters["linked"] = linked
