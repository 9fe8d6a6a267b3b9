"""Addresses of chats: a Telegram topic is written as chat id, slash, and thread id."""


def with_thread(chat: str, thread: int | None) -> str:
    return f"{chat}/{thread}" if thread else chat


def chat_of(address: str) -> str:
    return address.partition("/")[0]


def thread_of(address: str) -> int | None:
    """Return the thread id in an address, or None if it has none."""
    thread = address.partition("/")[2]
    return int(thread) if thread else None


def is_other_thread(one: str, other: str) -> bool:
    """Return True if the addresses are different threads of the same chat."""
    return one != other and chat_of(one) == chat_of(other)
