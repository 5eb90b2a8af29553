"""What launch files say, read without the packages that run them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, NamedTuple

LAUNCH = Path(__file__).resolve().parents[1] / "launch"


def tree(file: str) -> ast.Module:
    """Return a launch file as a syntax tree."""
    return ast.parse((LAUNCH / file).read_text(), file)


def constant(file: str, name: str) -> Any:
    """Return the value of a constant of a launch file."""
    for part in tree(file).body:
        if isinstance(part, ast.Assign) and [ast.unparse(t) for t in part.targets] == [name]:
            return ast.literal_eval(part.value)
    msg = f"{file} has no {name}"
    raise AssertionError(msg)


class Argument(NamedTuple):
    """A declared argument of a launch file; the default is None where it is computed."""

    default: str | None
    choices: list[str] | None


def declared(file: str) -> dict[str, Argument]:
    """Return the arguments that a launch file declares itself."""
    found = {}
    for part in ast.walk(tree(file)):
        if isinstance(part, ast.Call) and ast.unparse(part.func) == "DeclareLaunchArgument":
            given = {k.arg: k.value for k in part.keywords}
            default, choices = given.get("default_value"), given.get("choices")
            found[ast.literal_eval(part.args[0])] = Argument(
                str(default.value) if isinstance(default, ast.Constant) else None,
                ast.literal_eval(choices) if choices else None,
            )
    return found


def texts(file: str) -> set[str]:
    """Return every text in a launch file."""
    return {
        part.value
        for part in ast.walk(tree(file))
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
