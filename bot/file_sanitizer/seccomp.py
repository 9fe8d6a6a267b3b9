"""Process sandbox: a process can only read and write open files, compute, and exit.

After `enter` it cannot open sockets or files, start processes or load code. Memory and CPU time are
limited. It works only on Linux on x86_64 and aarch64, and calls seccomp directly with a classic BPF
program, without a library.
"""

import ctypes
import errno
import os
import resource
import struct
from collections.abc import Callable
from contextlib import suppress

MEMORY = 700 * 1024 * 1024
CPU_SECONDS = 10

_SET_DUMPABLE, _SET_NO_NEW_PRIVS, _SET_SECCOMP = 4, 38, 22
_MODE_FILTER = 2
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
# Opcodes of classic BPF: load a word, jump if equal, jump if a bit is set, return.
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
# Offsets in bytes in the kernel's seccomp_data: system call, architecture, low half of argument 3.
_NUMBER_AT, _ARCH_AT, _THIRD_AT = 0, 4, 32
_PROT_EXEC = 4

# The allowed system calls: read, write, close, fstat, lseek, munmap, brk, rt_sigaction,
# rt_sigprocmask, rt_sigreturn, mremap, madvise, sigaltstack, futex, clock_gettime, exit,
# exit_group, getrandom
_X86_64 = (0, 1, 3, 5, 8, 11, 12, 13, 14, 15, 25, 28, 131, 202, 228, 60, 231, 318)
_AARCH64 = (63, 64, 57, 80, 62, 215, 214, 134, 135, 139, 216, 233, 132, 98, 113, 93, 94, 278)
# By machine: the audit number of its architecture, its allowed system calls, and mmap and mprotect,
# which are allowed unless they make memory executable.
_MACHINES = {
    "x86_64": (0xC000003E, _X86_64, (9, 10)),
    "aarch64": (0xC00000B7, _AARCH64, (222, 226)),
}


class SandboxUnavailable(Exception):
    """The sandbox does not work on this machine; `code` is E_SANITIZER_UNAVAILABLE."""

    code = "E_SANITIZER_UNAVAILABLE"


def enter() -> None:
    """Put this process into the sandbox; this cannot be undone.

    Raises SandboxUnavailable if that fails or has no effect.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _yield_to_others()
    _limit()
    _call(libc, _SET_DUMPABLE, 0)
    _call(libc, _SET_NO_NEW_PRIVS, 1)
    _filter(libc)
    _verify(libc)


def _yield_to_others() -> None:
    """Lower this process's CPU priority, and let the kernel kill it first if memory is short."""
    with suppress(OSError):
        os.nice(10)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")


def _limit() -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 3,
    }
    for name, limit in limits.items():
        resource.setrlimit(name, (limit, limit))
    # At the soft limit the kernel sends SIGXCPU, which identifies the cause. At the hard limit, a
    # second later, it sends SIGKILL, which the process cannot ignore.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))


def _filter(libc: ctypes.CDLL) -> None:
    machine = os.uname().machine
    if machine not in _MACHINES:
        raise SandboxUnavailable
    program = _program(*_MACHINES[machine])
    code = ctypes.create_string_buffer(program, len(program))
    pointer = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    _call(libc, _SET_SECCOMP, _MODE_FILTER, pointer)


def _program(arch: int, allowed: tuple[int, ...], mapping: tuple[int, int]) -> bytes:
    """Return a BPF filter that denies all calls except those in `allowed`, with EPERM.

    The calls in `mapping` are denied only with PROT_EXEC. A system call by the ABI of another
    architecture kills the process.
    """
    lines = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    # Below, each comparison jumps over the remaining ones to one of five final instructions: deny,
    # load the third argument, test its bit, deny, allow.
    left = len(allowed) + len(mapping)
    for number in mapping:
        left -= 1
        lines.append((_EQUAL, left + 1, 0, number))
    for number in allowed:
        left -= 1
        lines.append((_EQUAL, left + 4, 0, number))
    lines += [
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _THIRD_AT),
        (_ANY_BIT, 0, 1, _PROT_EXEC),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def _call(libc: ctypes.CDLL, option: int, first: int, pointer: bytes | None = None) -> None:
    nothing = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(first), pointer, nothing, nothing) != 0:
        raise SandboxUnavailable


def _verify(libc: ctypes.CDLL) -> None:
    """Check that forbidden system calls fail with EPERM. Raises SandboxUnavailable otherwise."""
    attempts: tuple[Callable[[], int], ...] = (
        lambda: libc.socket(2, 1, 0),
        lambda: libc.open(b"/dev/null", os.O_WRONLY),
        libc.fork,
    )
    for attempt in attempts:
        if attempt() != -1 or ctypes.get_errno() != errno.EPERM:
            raise SandboxUnavailable
