"""Kills what a killed launcher would leave behind. Standard library only; started by path, in a session of its own.

The launcher holds the other end of this process's stdin, and nobody else does. It writes "+123" when it starts the
process group 123 and "-123" when that group is gone. When the launcher dies, however it dies, stdin ends, and the
groups that are still on the list are killed. This works on every Unix, and reaches grandchildren too, which the
kernel's own "signal me when my parent dies" does not.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.append(group)
        elif group in groups:
            groups.remove(group)
    for group in reversed(groups):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
