"""Prints one of the README's two commands, so that what is checked is what is promised.

`readme_commands.py install` and `readme_commands.py test` print the shell lines of the code block after
`<!-- install-command -->` or `<!-- test-command -->`.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def command(which: str) -> str:
    """The lines of one command; an exit with a message when the README does not have it."""
    text = README.read_text(encoding="utf-8")
    match = re.search(rf"<!-- {which}-command -->\s*```sh\n(.*?)```", text, re.DOTALL)
    if not match:
        sys.exit(f"{README.name} has no ```sh block after <!-- {which}-command -->")
    return match.group(1).strip()


if __name__ == "__main__":
    print(command(sys.argv[1]))
