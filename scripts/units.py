"""What the numbers of a result mean, as far as the store can tell."""

from typing import TYPE_CHECKING

from pxcap.core.errors import UsageError

if TYPE_CHECKING:
    from pxcap.store import Store


def units_of(store: "Store") -> dict[str, str]:
    """Unit by column name, over all tables; empty for a database without pxcap's description of itself."""
    try:
        with store.query("SELECT DISTINCT column_name, unit FROM pxcap_schema WHERE unit <> ''") as result:
            return {str(name): str(unit) for name, unit in result}
    except UsageError:
        return {}
