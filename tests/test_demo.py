"""The demonstration ends quiet: what `make demo` shows is what the tests see."""

import subprocess
import sys


def test_the_demonstration_ends_with_a_run_that_writes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "syncline.demo"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conflicts 1" in done.stdout
    assert "Berlin → Potsdam" in done.stdout
    assert "counted 0 writes" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
