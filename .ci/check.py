"""Runs steps of the Makefile in turn: `check.py install test ...`; a table at the end says what each took.

A failure does not keep later steps from running; the last line names what failed, and the exit status is 1.
A step that takes longer than LIMIT has failed. What a step has started ends with it, also if this is stopped.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from types import FrameType

LIMIT = 25 * 60  # seconds of a step; each takes less than ten minutes of two cores


@dataclass
class Done:
    """A step that has ended."""

    step: str
    error: str  # empty: it passed
    wall: float  # seconds
    cpu: float  # seconds of all processes that it started

    def __str__(self) -> str:
        return f"{self.step:12} {self.wall:6.0f} s {self.cpu:6.0f} s CPU  {self.error}".rstrip()


def run(step: str) -> Done:
    """Makes one target, in a session of its own, so that all of it can be ended."""
    print(f"\n==== {step} ====", flush=True)
    begin, error = time.monotonic(), ""
    command = [*os.environ.get("MAKE", "make").split(), "--no-print-directory", step]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        signal.alarm(LIMIT)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # its number stays taken
    except TimeoutError:
        error = f"not done after {LIMIT} s"
    finally:
        signal.alarm(0)
        os.killpg(process.pid, signal.SIGKILL)
        _, status, used = os.wait4(process.pid, 0)
    if status and not error:
        error = f"exit status {os.waitstatus_to_exitcode(status)}"
    done = Done(step, error, time.monotonic() - begin, used.ru_utime + used.ru_stime)
    print(f"---- {done}", flush=True)
    return done


def stop(number: int, _frame: FrameType | None) -> None:
    """Ends the step (SIGALRM) or everything."""
    if number == signal.SIGALRM:
        raise TimeoutError
    sys.exit(f"stopped by {signal.Signals(number).name}")


def main(steps: list[str]) -> int:
    """Runs the steps and prints the table."""
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    all_done = [run(step) for step in steps]
    print("\n==== what it took ====", *all_done, sep="\n")
    print(Done("all", "", sum(done.wall for done in all_done), sum(done.cpu for done in all_done)))
    failed = [done.step for done in all_done if done.error]
    print(f"\nFAILED: {' '.join(failed)}" if failed else "\nall steps passed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
