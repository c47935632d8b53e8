"""The layers of the package: imports point down only, and a few things are one module's business.

A folder counts as one module here. Imports for type checkers alone are left out: they bind
nothing at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import assistant

PACKAGE = Path(assistant.__file__).parent

# From the bottom up. A module imports from layers below its own only; a new one gets a place here.
LAYERS = (
    "aliases connections contradiction endpoint_faults errors labels memory opposites printable "
    "replies turns",
    "footnotes half_precision quantities states tracing",
    "prompts schema",
    "cross_encoder endpoint_client fetching parts passages sandbox seeds sentence_embedder "
    "settings stopwatch",
    "testing wording",
    "endpoint articles attribution citations denial library naming verbs weights",
    "expectation llamareply llamaserver",
    "llamacpp",
    "asked_words contrary exchange modality models retrieval substitution voices",
    "adding opening reading support",
    "decision doctor followups grounding readahead runnable",
    "overview",
    "inquiry routing",
    "supplement",
    "judging",
    "finding",
    "comparing",
    "pipeline",
    "answering",
    "evaluation",
    "web",
    "cli",
    "__main__",
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names.split()}

# Who talks to what, by the top-level package imported. Everyone else asks these modules.
ONLY_HERE = {
    # In this order: articles, the connections they are read over, model files, a Chroma server,
    # a model's endpoint, whether it answers, and llama.cpp's port on this machine.
    "fetching connections weights library endpoint_client endpoint doctor llamaserver": "httpx "
    "httpcore ssrfguard",
    "nobody": "requests urllib3 aiohttp http.client urllib.request",
    "models": "langchain",
    "cross_encoder half_precision sentence_embedder": "sentence_transformers transformers torch",
    "endpoint": "langchain_openai openai",
    "llamaserver": "xllamacpp",
    "library": "chromadb sqlite3",
    "tracing": "opentelemetry",
    "web": "gradio fastapi starlette uvicorn",
    "cli": "typer",
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every file of the package with the name its folder or itself goes by in LAYERS."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


@cache
def imports(path: Path) -> frozenset[str]:
    """The dotted names a file imports, wherever in it; a name imported from a module is added."""
    found: set[str] = set()
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        else:
            todo += ast.iter_child_nodes(node)
    return frozenset(found)


def test_every_module_has_one_place() -> None:
    assert sorted(LEVEL) == sorted({name for name, _ in modules()} - {"__init__"})
    assert len(LEVEL) == len(" ".join(LAYERS).split())


def test_imports_point_down_only() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {target}"
        for name, path in modules()
        for dotted in imports(path)
        if dotted.startswith("assistant.") and (target := dotted.split(".")[1]) != name
        if target not in LEVEL or name not in LEVEL or LEVEL[target] >= LEVEL[name]
    ]
    assert not wrong, "\n".join(wrong)


def test_no_import_goes_round_in_a_circle() -> None:
    """Inside the folders too, where there are no layers."""
    files = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for _, path in modules()
    }
    graph = {
        name: {
            target
            for dotted in imports(path)
            # Of a.b.c, a.b may be the module and c a name in it.
            if (target := dotted if dotted in files else dotted.rpartition(".")[0]) in files
        }
        for name, path in files.items()
    }
    TopologicalSorter(graph).prepare()  # CycleError names the circle


def test_what_is_one_modules_business() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {package}; only {owners} may"
        for owners, packages in ONLY_HERE.items()
        for package in packages.split()
        for name, path in modules()
        if name not in owners.split()
        if any(f"{dotted}.".startswith(f"{package}.") for dotted in imports(path))
    ]
    assert not wrong, "\n".join(wrong)


def test_only_settings_reads_the_environment() -> None:
    """Writing a variable is something else: that is how the web framework is set up."""
    readers = set()
    for name, path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        written = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        }
        for node in ast.walk(tree):
            named = isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in (
                "os.environ",
                "environ",
                "os.getenv",
                "getenv",
                "os.environb",
            )
            if named and node not in written:
                readers.add(name)
    assert readers == {"settings"}
