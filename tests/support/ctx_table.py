"""What `ctx` holds for every layer and fused step, read from the code: the table in CONTRIBUTING.md.

python -m tests.support.ctx_table
"""

import ast
import pathlib

ROOT = pathlib.Path(__file__).parents[2]
HEAD = "| layer or step | file | `ctx` |\n|---|---|---|"


def held(forward):
    """Return what a forward step returns behind y, as it stands in the code, without repetitions."""
    matches = [node for node in ast.walk(forward) if isinstance(node, ast.Return)]
    returns = [node.value for node in sorted(matches, key=lambda node: node.lineno)]
    pairs = [value for value in returns if isinstance(value, ast.Tuple)]
    return list(dict.fromkeys(ast.unparse(pair.elts[1]) for pair in pairs))


def rows(path):
    """Yield a row for every class of a file that has a forward step of its own."""
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        methods = node.body if isinstance(node, ast.ClassDef) else []
        for method in methods:
            if isinstance(method, ast.FunctionDef) and method.name == "forward" and held(method):
                ctx = " or ".join(f"`{what}`" for what in held(method))
                yield f"| `{node.name}` | `{path}` | {ctx} |"


def table():
    """Return the table of all layers, then of the steps in which neighbours run as one."""
    layers = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("tinycnn/layers/*.py"))
    paths = [*layers, "tinycnn/models/fusion.py"]
    return "\n".join([HEAD, *(row for path in paths for row in rows(path))])


if __name__ == "__main__":
    print(table())
