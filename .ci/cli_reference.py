"""Writes docs/reference/cli.md from the parser of the command line; a test compares them."""

import argparse
from pathlib import Path

from pywasi_native import cli

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/cli.md"
HEAD = """\
# Command line

`pywasi COMMAND`, and the same by `python -m pywasi_native COMMAND`. This page is written
by `.ci/cli_reference.py` from the program itself.
"""


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def argument(action: argparse.Action) -> str:
    """One argument as an item of a list."""
    value = action.metavar or (action.dest.upper() if action.option_strings else action.dest)
    if action.choices is not None and action.metavar is None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    names = [f"{name} {value}" if action.nargs != 0 else name for name in action.option_strings] or [value]
    text = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
    return f"- `{', '.join(names)}`" + (f": {escaped(text)}" if text else "")


def escaped(text: str) -> str:
    """Text in which nothing is markup."""
    return "".join("\\" + letter if letter in "*_<[" else letter for letter in text)


def page() -> str:
    """The page as it should be."""
    parser = cli._parser()
    parts = [
        HEAD,
        f"\n{escaped(parser.description or '')}\n\n```text\n{(parser.epilog or '').rstrip()}\n```\n",
    ]
    for name, command in commands(parser).items():
        parts.append(f"\n## pywasi {name}\n")
        parts += [f"\n{escaped(command.description)}\n"] if command.description else []
        shown = [action for action in command._actions if action.help != argparse.SUPPRESS]
        parts.append("\n" + "\n".join(argument(action) for action in shown) + "\n")
        parts += [f"\n```text\n{command.epilog.rstrip()}\n```\n"] if command.epilog else []
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
