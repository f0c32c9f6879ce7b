"""The hooks a plugin may implement. Each hook has a test named test_hook_<hook>."""

from collections.abc import Sequence
from importlib.resources.abc import Traversable

from pxcap.core.comparison import Comparison
from pxcap.core.functions import ScriptFunction
from pxcap.core.markers import hookspec
from pxcap.core.protocol import ProtocolSpec


@hookspec
def register_protocols() -> Sequence[ProtocolSpec]:  # type: ignore[empty-body]
    """Return the protocols this plugin can parse.

    When: once per process, before the first byte is read. No hook is ever called per connection or per message.
    Merging: all results are joined; two specs with one name, or one table, is a PluginError naming both distributions.
    Failure: an exception disables this plugin only and is shown by `pxcap plugin list`; the others go on.
    Since: plugin API 1. Additive changes keep the number; anything else raises it.
    """


@hookspec
def register_comparisons() -> Sequence[Comparison]:  # type: ignore[empty-body]
    """Return how the plugin's protocols are compared with what tshark says of the same bytes.

    When: when `pxcap verify` runs, never before.
    Merging: all results are joined; the first of a protocol counts.
    Failure: an exception costs this plugin its comparisons only, and is shown; the others go on.
    Since: plugin API 1.
    """


@hookspec
def register_functions() -> Sequence[ScriptFunction]:  # type: ignore[empty-body]
    """Return functions for scripts: names of the protocol's numbers, or what else helps to read its records.

    When: when scripts run or are listed, never while capturing.
    Merging: all results are joined; one whose name is taken, by pxcap or an earlier plugin, is left out, and shown.
    Failure: an exception costs this plugin its functions only, and is shown; the others go on.
    Since: plugin API 1.
    """


@hookspec
def register_scripts() -> Sequence[Traversable]:  # type: ignore[empty-body]
    """Return folders of scripts, each laid out as GROUP/NAME/NAME.pxl with a manifest.yaml and, where wanted, a vis.json.

    When: when scripts run or are listed, never while capturing.
    Merging: all scripts are joined; one whose name is taken, by pxcap or an earlier plugin, is left out, and shown.
    Failure: an exception costs this plugin its scripts only, one that is no script only itself; both are shown.
    Since: plugin API 1.
    """
