"""Run a module or a script in this process and print its peak memory in MB as the last word on standard error."""

import resource
import runpy
import sys
from pathlib import Path


def peak() -> float:
    """The peak memory of this program in MB. What Linux accounts to a process is, at first, its parent's: asked of the memory."""
    status = Path("/proc/self/status")
    for line in status.read_text(encoding="ascii").splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """`measured.py -m MODULE ARGUMENT…` or `measured.py SCRIPT ARGUMENT…`."""
    try:
        if sys.argv[1] == "-m":
            sys.argv = sys.argv[2:]
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = sys.argv[1:]
            runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        print(peak(), file=sys.stderr)


if __name__ == "__main__":
    main()
