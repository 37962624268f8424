"""Which of our modules a module imports, directly or through others: what a stage's deps must list."""

import ast
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"

# Reached only through the plug-in door or for the sandbox's addresses: named where they matter, not here.
NOT_FOLLOWED = ("bizmeme.sandbox",)


@cache
def imports_of(module: str) -> frozenset[str]:
    """The bizmeme modules that one module imports anywhere in its text, type checking aside."""
    found: set[str] = set()
    for node in _running(ast.parse(file_of(module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in found if name.startswith("bizmeme") and file_of(name).exists())


def _running(tree: ast.AST) -> list[ast.AST]:
    """Every node but those under `if TYPE_CHECKING:`."""
    nodes: list[ast.AST] = []
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            nodes += [child, *_running(child)]
    return nodes


def file_of(module: str) -> Path:
    """The module's file, whether or not it exists."""
    path = SRC.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def closure(*modules: str) -> set[str]:
    """The files, relative to the repository root, that these modules' behaviour depends on."""
    waiting, seen = list(modules), set[str]()
    while waiting:
        module = waiting.pop()
        if module in seen or module.startswith(NOT_FOLLOWED):
            continue
        seen.add(module)
        waiting += imports_of(module)
    return {str(file_of(module).relative_to(SRC.parent)) for module in seen}
