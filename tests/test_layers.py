"""Who may import whom: the layers of the package, at every depth of its code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import triptych

_SOURCES = Path(triptych.__file__).parents[1]

_ADAPTER = {"archive", "batches", "caller", "draws", "monitors", "pipeline", "rank", "training"}
_ADAPTER |= {"visuals", ""}

MAY_IMPORT: dict[str, set[str]] = {
    # the ground: knows nobody
    "batches": set(),
    "caller": set(),
    "commands": set(),
    "nested": set(),
    "printable": set(),
    "dashboard": set(),
    "rank": set(),
    "visuals": set(),
    "rendering": {"visuals"},
    "viewer": set(),
    "viewer.snapshots": {"viewer", "visuals"},
    # what carries
    "pipeline": {"caller", "printable", "visuals"},
    "archive": {"pipeline.records"},
    "archive.recording": {"archive", "commands", "dashboard.naming"},
    "archive.rows": {"archive", "dashboard.naming", "pipeline"},
    "archive.importing": {"archive", "pipeline", "sinks.rerun", "sinks.text", "visuals", "words"},
    "archive.info": {"archive", "dashboard", "pipeline.records"},
    "archive.gap": {"archive", "dashboard.naming", "pipeline.records"},
    "archive.tail": {"archive", "pipeline"},
    "archive.train_log": {"pipeline.records", "sinks.text", "words"},
    "archive.account": {"archive", "dashboard.naming", "pipeline.records"},
    "archive.alive": {"archive", "pipeline"},
    "archive.comparison": {"archive", "dashboard.naming", "nested"},
    "archive.course": {"archive", "dashboard.naming"},
    "archive.plain": {"printable"},
    "archive.overlay": {"archive", "dashboard", "sinks.rerun"},
    "archive.overview": {"archive", "dashboard.naming", "pipeline.records"},
    "archive.merge": {"archive", "sinks.rerun"},
    "archive.repair": {"archive", "commands", "pipeline", "sinks.rerun"},
    "draws": {"visuals"},
    "panel": {"pipeline", "printable", "words"},
    "terminal": {"pipeline", "printable"},
    "words": {"archive.plain", "pipeline", "printable"},
    # the back ends: records and visuals, and no other sink
    "sinks.__init__": {"pipeline.sink"},
    "sinks.apart": {"pipeline.records", "pipeline.sink", "visuals.arrays"},
    "sinks.memory": {"pipeline.records"},
    "sinks.rerun": {"commands", "dashboard", "nested", "pipeline.records", "pipeline.sink"}
    | {"printable", "rendering", "viewer.tunnel", "visuals"},
    "sinks.text": {"pipeline.paths", "pipeline.records", "pipeline.sink", "words"},
    "sinks.wandb": {
        "commands",
        "pipeline.clerk",
        "pipeline.records",
        "pipeline.sink",
        "printable",
        "rendering",
        "visuals",
    },
    # the run
    "training": set(),
    "training.describing": {"archive", "pipeline", "printable", "training.story"},
    "training.lifetime": set(),
    "training.loop": {"pipeline", "terminal"},
    "training.options": {"dashboard"},
    "training.resume": {"archive", "rank", "training.run", "training.start"},
    "training.routes": {"pipeline", "sinks"},
    "training.run": {"panel", "pipeline", "printable", "training.lifetime", "training.loop"}
    | {"training.saving", "training.story"},
    "training.saving": {"archive", "pipeline", "printable", "training.describing"}
    | {"viewer.snapshots"},
    "training.start": {"archive", "dashboard", "panel", "pipeline", "printable", "rank"}
    | {"terminal", "words"}
    | {"training.lifetime", "training.loop", "training.routes", "training.run", "training.story"},
    "training.story": {"archive", "commands", "pipeline", "terminal"},
    # the front doors: the run, and no sink
    "accelerate": _ADAPTER,
    "hf": _ADAPTER,
    "lightning": _ADAPTER,
    "monitors": {"batches", "dashboard", "training.run"},
    "doctor": {"archive", "commands", "pipeline", "rank", "training", "viewer", "visuals", "words"},
    "cli": {
        "",
        "archive",
        "commands",
        "doctor",
        "nested",
        "pipeline.records",
        "printable",
        "rendering",
        "terminal",
        "training.start",
        "viewer",
    },
    "__main__": {"cli"},
    "": {"archive.seeds", "caller", "dashboard", "pipeline", "training", "visuals", "words"},
}
"""For each module or package what it may import of Triptych, besides its own parts.

A name stands for its parts: "sinks.rerun" for `sinks.rerun.live`, "hf" for `hf.callback`. "" is
the top.
"""

MAY_BE_IMPORTED_BY: dict[str, set[str]] = {
    "accelerate": {"accelerate"},
    "lightning": {"lightning"},
    "rerun": {"archive.merge", "archive.overlay", "archive.recording", "dashboard"}
    | {"sinks.rerun", "viewer"},
    "torch": {"hf", "lightning"},
    "transformers": {"hf"},
    "wandb": {"archive.importing.wandb_folder", "archive.transaction_log"}
    | {"doctor.login", "lightning.convert", "sinks.wandb"},
}
"""Frameworks and back ends, and the parts of Triptych that are about them."""


def _module(path: Path) -> str:
    """The name below `triptych`, where a package ends in `__init__`."""
    parts = path.relative_to(_SOURCES / "triptych").with_suffix("").parts
    return "" if parts == ("__init__",) else ".".join(parts)


def _modules() -> dict[str, str]:
    return {_module(path): path.read_text() for path in (_SOURCES / "triptych").rglob("*.py")}


class _Imports(ast.NodeVisitor):
    """Collects what runs; what is there for the type checker alone is not a dependency."""

    def __init__(self, known: set[str]) -> None:
        self.found: list[str] = []
        self._known = known

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            for child in node.orelse:
                self.visit(child)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [alias.name for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "relative imports hide where they lead"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            below = whole.removeprefix("triptych.")
            is_module = whole != below and {below, f"{below}.__init__"} & self._known
            self.found.append(whole if is_module else str(node.module))


def _imports(text: str, known: set[str]) -> list[str]:
    visitor = _Imports(known)
    visitor.visit(ast.parse(text))
    return visitor.found


def _begins(module: str, names: set[str]) -> bool:
    """Whether one of the names stands for the module."""
    return any(
        name == module or (name and module.startswith((f"{name}.", f"{name}_"))) for name in names
    )


def _rule(module: str) -> str:
    """The longest name in the table that stands for a module."""
    return max((name for name in MAY_IMPORT if _begins(module, {name})), key=len, default="?")


def _violations(modules: dict[str, str]) -> Iterator[str]:
    for module, text in sorted(modules.items()):
        rule = _rule(module)
        if rule == "?":
            yield f"{module} has no place in the table"
            continue
        for name in _imports(text, set(modules)):
            top, _, below = name.partition(".")
            if top == "triptych":
                if not _begins(below, MAY_IMPORT[rule] | {rule}):
                    yield f"{module} imports triptych.{below}"
            elif top in MAY_BE_IMPORTED_BY and not _begins(module, MAY_BE_IMPORTED_BY[top]):
                yield f"{module} imports {name}"


def test_every_module_imports_only_what_its_layer_may() -> None:
    """The picture of the design, as a table."""
    assert list(_violations(_modules())) == []


def test_every_name_in_the_table_stands_for_something() -> None:
    """No rule outlives its module."""
    modules = set(_modules())
    assert [name for name in MAY_IMPORT if not any(_rule(one) == name for one in modules)] == []


@pytest.mark.parametrize(
    ("module", "text", "violation"),
    [
        ("pipeline.x", "import triptych.words", "pipeline.x imports triptych.words"),
        ("pipeline.x", "from triptych import words", "pipeline.x imports triptych.words"),
        ("visuals.x", "def f():\n    import wandb.sdk", "visuals.x imports wandb.sdk"),
        ("panel", "class A:\n  def f(self):\n    import torch", "panel imports torch"),
        (
            "sinks.rerun.x",
            "if 1:\n    from triptych.sinks.wandb import WandbSink",
            "sinks.rerun.x imports triptych.sinks.wandb",
        ),
        ("hf.x", "from triptych.sinks import rerun", "hf.x imports triptych.sinks.rerun"),
        ("new", "", "new has no place in the table"),
        (
            "training.loop",
            "if TYPE_CHECKING:\n    pass\nelse:\n    from triptych.training.run import Run",
            "training.loop imports triptych.training.run",
        ),
    ],
)
def test_a_forbidden_import_is_found_wherever_it_stands(
    module: str, text: str, violation: str
) -> None:
    """In a function, in a class, behind a condition, by either form."""
    assert violation in list(_violations({**_modules(), module: text}))


def test_an_import_for_the_type_checker_is_none() -> None:
    """It never runs."""
    text = "if TYPE_CHECKING:\n    import torch\n    from triptych.training.run import Run"
    assert list(_violations({**_modules(), "training.loop": text})) == []


def test_pipeline_and_run_are_plain_python_and_numpy() -> None:
    """No package of others but numpy is needed to carry a value."""
    modules = _modules()
    foreign = {
        name.partition(".")[0]
        for module, text in modules.items()
        if _begins(module, {"pipeline", "training", "panel", "words"})
        for name in _imports(text, set(modules))
    }
    assert foreign - set(sys.stdlib_module_names) - {"triptych"} == {"numpy"}
