"""Runs a program on a computer of its own: `run_program.py FILE`. What it prints appears at once."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from computer import Computer

HERE = Path(__file__).resolve().parent


async def main() -> None:
    """Runs it to its end."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"tollbell.url": os.environ.get("TOLLBELL_URL")}
        computer = Computer(Path(folder), [HERE.parent], settings)
        computer.on_print = lambda line: print(line, flush=True)
        await computer.run(Path(sys.argv[1]).read_text(), Path(sys.argv[1]).name)


asyncio.run(main())
