"""Start one program, wait for it, and write what it cost to a file: nothing else, in a process as small as can be.

    python -I -S launch.py COST COMMAND [ARGUMENT ...]

A process of its own because the peak memory that the kernel tells of a child begins with that of its parent.
"""

import json
import os
import sys
import time


def main() -> None:
    """Run the command line."""
    cost, *command = sys.argv[1:]
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)  # noqa: S606  what to run is all this program is told
    _, status, used = os.wait4(child, 0)
    wall = time.monotonic() - began
    with open(cost, "w") as file:  # noqa: PTH123  pathlib costs more than the rest of this program
        json.dump(
            {
                "wall": wall,
                "cpu": used.ru_utime + used.ru_stime,
                "peak_mb": used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024),
                "exit_code": os.waitstatus_to_exitcode(status),
            },
            file,
        )


if __name__ == "__main__":
    main()
