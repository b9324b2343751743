"""Begins a contained program of ours for `make coverage`: run as text, since nothing but ourselves can be read there.

It can write nothing but its answers. So each of its children says, in a line of its own before the answer, which lines
and branches it has run; whoever asked saves it (`measured.py`).
"""

import base64
import importlib
import os
import sys

if __name__ == "__main__":
    source, mark, paths, module = sys.argv[1:5]
    del sys.argv[1:5]
    sys.path += paths.split(":")
    import coverage

    running = coverage.Coverage(data_file=None, branch=True, source=[source], config_file=False)  # kept in memory
    running.set_option("run:disable_warnings", ["no-data-collected"])
    running.start()
    running.get_data().dumps()  # loads what a child could not

    from reelwright.media.sandbox import fork_server

    server, reply = os.getpid(), fork_server.reply

    def measured_reply(descriptor: int, said: fork_server.Reply) -> None:
        if os.getpid() != server:
            told = b"\n" + mark.encode() + base64.b64encode(running.get_data().dumps())
            while told:
                told = told[os.write(descriptor, told) :]
        reply(descriptor, said)

    fork_server.reply = measured_reply
    importlib.import_module(module).main()
