"""Where the test of a module is: at its path, with test_ before its name; or, for few, where INSTEAD says.

python -m tests.support.mirror     prints the table in CONTRIBUTING.md
"""

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
INSTEAD = {  # a module, or all of a folder that have no test at their path: what serves, in tests/
    "tinycnn/__init__.py": ("models/test_sequential.py",),
    "tinycnn/__main__.py": ("scripts/test_tinycnn.py",),
    "tinycnn/datasets/__init__.py": ("datasets/test_load.py",),
    "tinycnn/distribution/__init__.py": ("distribution/test_default.py",),
    "tinycnn/digit_training/": ("scripts/test_train.py",),
    "tinycnn/losses/__init__.py": ("losses/test_base.py", "losses/test_regression.py"),
    "tinycnn/losses/elementwise.py": ("losses/test_regression.py",),
    "tinycnn/metrics/__init__.py": ("metrics/test_base.py",),
    "tinycnn/layers/__init__.py": ("layers/test_options.py", "models/test_loading.py"),
    "tinycnn/optimizers/__init__.py": ("optimizers/test_base.py",),
    "tinycnn/pretrained/__init__.py": ("pretrained/test_pretrained.py",),
    "tinycnn/saving/__init__.py": ("saving/test_writer.py", "saving/test_hostile.py"),
    "tinycnn/saving/archive.py": ("saving/test_hostile_archives.py",),
    "tinycnn/saving/images.py": ("saving/test_writer.py", "saving/test_weights.py"),
    "tinycnn/saving/opened.py": ("saving/test_hdf5.py", "saving/test_kinds.py"),
    "tinycnn/saving/sources.py": ("saving/test_reader.py", "saving/test_keras_archive.py"),
    "tinycnn/utils/__init__.py": ("utils/test_numerical.py", "utils/test_rng.py"),
    "tinycnn/ops/reference/": ("test_gradients.py", "ops/kernels/"),
    "tinycnn/ops/reference/cross_entropy.py": ("losses/test_crossentropy.py",),
    "tinycnn/ops/reference/binary_cross_entropy.py": ("losses/test_binary.py",),
    "tinycnn/ops/reference/squared_error.py": ("losses/test_regression.py",),
    "tinycnn/ops/reference/absolute_error.py": ("losses/test_regression.py",),
    "tinycnn/models/inspectable.py": ("models/test_inspection.py", "models/test_explanation.py"),
    "gui/__main__.py": ("gui/test_life.py",),
    "gui/inside/": ("gui/inside/test_pane.py", "gui/inside/test_why_window.py"),
    "gui/learning/": ("gui/learning/test_pane.py",),
    "gui/learning/trainer.py": ("gui/learning/test_training.py",),
    "gui/drawing/": ("gui/test_drawing.py",),
    "gui/recognition/top_guesses.py": ("gui/test_words.py",),
    "gui/widgets/": ("gui/test_window.py",),
    "benchmarks/": ("benchmarks/test_benchmarks.py",),
    "benchmarks/contenders/": ("benchmarks/test_contenders.py",),
}


def mirrored(path: str) -> str:
    """Return where the test of a module belongs: "tests/datasets/test_idx.py"."""
    room, _, name = path.removeprefix("tinycnn/").rpartition("/")
    return "/".join(part for part in ("tests", room, f"test_{name}") if part)


def serving(path: str) -> tuple[str, ...]:
    """Return the tests that serve a module: the one at its path if that is there."""
    if (ROOT / mirrored(path)).exists():
        return (mirrored(path),)
    rules = [start for start in INSTEAD if path.startswith(start)]
    return tuple(f"tests/{test}" for test in INSTEAD[max(rules, key=len)]) if rules else ()


def defined(text: str) -> set[str]:
    """Return the names of the functions and classes of a module; one without any has no code to test."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.parse(text).body if isinstance(node, kinds)}


def names(test: str, path: str, text: str) -> bool:
    """Return whether the text of a test has the name of a module, or of something that it defines."""
    words = {pathlib.PurePosixPath(path).stem, *defined(text)}
    return not words.isdisjoint(re.findall(r"\w+", test))


def wrong(modules: dict[str, str]) -> dict[str, list[str]]:
    """Return what is not as it should be of some modules, {path: text}, by what is wrong.

    No test serves a module; the test at its path is about something else; INSTEAD has a rule that nobody
    needs, or a test that is not there.
    """
    with_code = {path: text for path, text in modules.items() if defined(text)}
    own = {path for path in with_code if (ROOT / mirrored(path)).exists()}
    read = {path: (ROOT / mirrored(path)).read_text(encoding="utf-8") for path in own}
    served = with_code.keys() - own
    return {
        "without a test": sorted(path for path in served if not serving(path)),
        "of something else": sorted(p for p in own if not names(read[p], p, with_code[p])),
        "needless": [rule for rule in INSTEAD if not any(p.startswith(rule) for p in served)],
        "missing": [
            t for some in INSTEAD.values() for t in some if not (ROOT / "tests" / t).exists()
        ],
    }


def table() -> str:
    """Return what INSTEAD says as a table."""
    rows = ["| of | is in |", "|---|---|"]
    for path, tests in INSTEAD.items():
        rows.append(f"| `{path}` | {', '.join(f'`tests/{test}`' for test in tests)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
