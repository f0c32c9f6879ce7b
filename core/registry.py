"""Finding plugins. Built-in and third-party protocols enter by the same door: the entry-point group `pxcap`.

An entry point names a module with hook implementations, or a package whose sub-packages each hold a `plugin.py`; the
built-in protocols are one such package. A plugin that cannot be loaded, raises, or declares what cannot be is kept out
and remembered with its reason; the others go on.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import TypeVar, cast

import pluggy

from pxcap.core import hookspecs
from pxcap.core.columns import CONN_STATS, CONNECTIONS, LEADING_COLUMNS, PROCESSES, TRAILING_COLUMNS, Table
from pxcap.core.comparison import Comparison
from pxcap.core.errors import PluginError, UsageError
from pxcap.core.functions import ScriptFunction
from pxcap.core.markers import API, PROJECT
from pxcap.core.protocol import ProtocolSpec

_Given = TypeVar("_Given")
_RESERVED = {column.name for column in (*LEADING_COLUMNS, *TRAILING_COLUMNS)}
_OURS = {table.name for table in (CONN_STATS, CONNECTIONS, PROCESSES)}


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin module: where it came from, what it provides, or why it is not used (`error`)."""

    name: str
    distribution: str
    version: str
    protocols: tuple[str, ...]
    error: str = ""


_RAISED = (Exception, SystemExit)  # a plugin may raise anything; a program taken for one ends itself


class Registry:
    """The protocols of this process. `load_registry` makes the usual one."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self._specs: dict[str, ProtocolSpec] = {}
        self._owners: dict[str, str] = {}
        self._plugins: list[PluginInfo] = []

    @property
    def protocols(self) -> tuple[ProtocolSpec, ...]:
        """Every usable protocol, by name."""
        return tuple(self._specs[name] for name in sorted(self._specs))

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin found, the unusable too, in the order found."""
        return tuple(self._plugins)

    def tables(self) -> tuple[Table, ...]:
        """One table per protocol, and the connection totals."""
        return (*(spec.schema() for spec in self.protocols), CONN_STATS)

    def protocol(self, name: str) -> ProtocolSpec:
        """The protocol of that name.

        Raises:
            UsageError: There is none; the hint names those there are.
        """
        if name not in self._specs:
            known = ", ".join(sorted(self._specs)) or "none"
            raise UsageError(f"unknown protocol {name!r}", f"installed protocols: {known}")
        return self._specs[name]

    def comparisons(self) -> tuple[dict[str, Comparison], list[str]]:
        """How protocols are compared with another program, by name; and what is wrong with plugins that could not say."""
        found, faults = self._asked("register_comparisons", Comparison)
        return {one.protocol: one for _, one in reversed(found)}, faults

    def functions(self) -> tuple[list[tuple[str, ScriptFunction]], list[str]]:
        """Functions for scripts, each with the plugin's name; and what is wrong with plugins that could not say."""
        return self._asked("register_functions", ScriptFunction)

    def scripts(self) -> tuple[list[tuple[str, Traversable]], list[str]]:
        """Folders of scripts, each with the plugin's name; and what is wrong with plugins that could not say."""
        return self._asked("register_scripts", Traversable)  # type: ignore[type-abstract]

    def register(self, plugin: object, name: str, distribution: str = "", version: str = "") -> None:
        """Register one plugin module and take in its protocols; what is wrong with it ends in `plugins`, not here."""
        owner = f"{distribution or name} {version}".strip()
        before = list(self._specs)
        error = ""
        try:
            self.manager.register(plugin, name)
            for hook in (
                caller for caller in self.manager.get_hookcallers(plugin) or [] if caller.name == "register_protocols"
            ):
                self._take(hook, plugin, owner)
        except PluginError as err:
            error = str(err)
        except _RAISED as err:
            error = f"plugin {owner}: {type(err).__name__}: {err}"
        added = [key for key in self._specs if key not in before]
        if error:
            for key in added:
                del self._specs[key], self._owners[key]
            added = []
            if self.manager.is_registered(plugin):
                self.manager.unregister(plugin)
        self._plugins.append(PluginInfo(name, distribution, version, tuple(added), error))

    def add(self, spec: ProtocolSpec, owner: str) -> None:
        """Take in one protocol directly, for tools that study a single one.

        Raises:
            PluginError: It does not fit: wrong API number, or a name or table already taken.
        """
        if reason := self._why_invalid(spec):
            raise PluginError(f"plugin {owner}: {reason}")
        self._specs[spec.name] = spec
        self._owners[spec.name] = owner

    def fail(self, name: str, distribution: str, version: str, error: str) -> None:
        """Remember a plugin that could not even be imported."""
        self._plugins.append(PluginInfo(name, distribution, version, (), error))

    def _asked(self, hook: str, kind: type[_Given]) -> tuple[list[tuple[str, _Given]], list[str]]:
        """What all plugins return for a hook, each with the plugin's name; one that fails is named among the faults."""
        found: list[tuple[str, _Given]] = []
        faults: list[str] = []
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            try:
                given = tuple(implementation.function())
                for one in given:
                    if not isinstance(one, kind):
                        raise TypeError(f"{hook} returned {type(one).__name__}, expected {kind.__name__}")
                found += [(name, one) for one in given]
            except _RAISED as err:
                faults.append(f"plugin {name}: {type(err).__name__}: {err}")
        return found, faults

    def _take(self, hook: pluggy.HookCaller, plugin: object, owner: str) -> None:
        implementation = next(impl for impl in hook.get_hookimpls() if impl.plugin is plugin)
        for spec in cast(Sequence[ProtocolSpec], implementation.function()):
            self.add(spec, owner)

    def _why_invalid(self, spec: ProtocolSpec) -> str:
        if not isinstance(spec, ProtocolSpec):
            return f"register_protocols returned {type(spec).__name__}, expected ProtocolSpec"
        if spec.api != API:
            return f"{spec.name} is built for plugin API {spec.api}, this pxcap offers {API}"
        if spec.name in self._specs:
            return f"protocol {spec.name} is already provided by {self._owners[spec.name]}"
        taken = {other.table: other.name for other in self._specs.values()}
        if spec.table in taken or spec.table in _OURS:
            return f"table {spec.table} is already used by {taken.get(spec.table, 'pxcap')}"
        names = [column.name for column in spec.columns]
        if doubled := {name for name in names if names.count(name) > 1 or name in _RESERVED}:
            return f"{spec.name} declares columns twice or reserved: {', '.join(sorted(doubled))}"
        if not spec.transports <= {"tcp", "udp"}:
            return f"{spec.name} names transports {sorted(spec.transports)}, known are tcp and udp"
        return ""


def load_registry(found: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every installed plugin; `found` replaces the installed entry points (for tests and tools)."""
    registry = Registry()
    points = entry_points(group=PROJECT) if found is None else found
    for point in sorted(points, key=lambda point: (point.name != "builtin", point.name)):
        distribution = point.dist.name if point.dist else ""
        version = point.dist.version if point.dist else ""
        try:
            module = point.load()
        except _RAISED as err:
            registry.fail(point.name, distribution, version, f"cannot be imported: {type(err).__name__}: {err}")
            continue
        for name in _module_names(point, module):
            short = name.removesuffix(".plugin").rpartition(".")[2] if name else point.name
            try:
                plugin = importlib.import_module(name) if name else module
            except _RAISED as err:
                registry.fail(short, distribution, version, f"cannot be imported: {type(err).__name__}: {err}")
                continue
            registry.register(plugin, short, distribution, version)
    return registry


def _module_names(point: EntryPoint, module: object) -> Iterator[str]:
    """The `plugin` module of each sub-package when the entry point is a package, else "" for the object itself."""
    paths = getattr(module, "__path__", None)
    if (
        not isinstance(module, ModuleType)
        or paths is None
        or any(name.startswith("register_") for name in vars(module))
    ):
        yield ""
        return
    for info in sorted(pkgutil.iter_modules(paths), key=lambda info: info.name):
        if info.ispkg:
            yield f"{point.value}.{info.name}.plugin"
