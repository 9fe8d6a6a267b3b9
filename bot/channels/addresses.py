"""Addresses of chats with threads: the chat, then a slash and the thread last written in."""


def with_thread(chat: str, thread: int | None) -> str:
    return f"{chat}/{thread}" if thread else chat


def chat_of(address: str) -> str:
    return address.partition("/")[0]


def thread_of(address: str) -> int | None:
    """Return the thread of an address; None outside of threads."""
    thread = address.partition("/")[2]
    return int(thread) if thread else None


def is_other_thread(one: str, other: str) -> bool:
    """Return True if two addresses are different threads of one chat."""
    return one != other and chat_of(one) == chat_of(other)
