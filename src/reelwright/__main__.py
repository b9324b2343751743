"""The command `reelwright`, also as `python -m reelwright`."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # a Ctrl-C amid the imports just ends the program

from reelwright.cli import main  # noqa: E402


def run() -> None:
    main(prog_name="reelwright")


if __name__ == "__main__":
    run()
