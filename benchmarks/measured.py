"""Run a module or a script in this process and print its peak memory in MB as the last word on standard error."""

import resource
import runpy
import sys


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
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)


if __name__ == "__main__":
    main()
