"""Make the ports over SQLite, each with its own statements and the same file."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from circles.domain.access.tokens import Tokens
from circles.domain.catalogue import Catalogue
from circles.domain.events import Outbox
from circles.domain.upkeep import Upkeep
from circles.settings import Settings

if TYPE_CHECKING:  # a cold start uses none of them
    from circles.domain.counting.batches import Batches
    from circles.domain.counting.corrections import Corrections
    from circles.domain.counting.measuring import Scales
    from circles.domain.exports.selections import Selections
    from circles.domain.exports.statistics import Statistics


class CatalogueServices:
    """Ports of one process over its SQLite file, each made on first use."""

    settings: Settings

    @property
    def _sqlite(self) -> dict[str, Any]:
        known = self.settings
        return {
            "path": known.catalogue_file,
            "busy_timeout_s": known.busy_timeout_s,
            "reserve_bytes": known.reserve_bytes,
        }

    @cached_property
    def catalogue(self) -> Catalogue:
        from circles.adapters.sqlite.catalogue import SqliteCatalogue

        return SqliteCatalogue(**self._sqlite)

    @cached_property
    def corrections(self) -> "Corrections":
        from circles.adapters.sqlite.counting.corrections import SqliteCorrections

        return SqliteCorrections(**self._sqlite)

    @cached_property
    def scales(self) -> "Scales":
        from circles.adapters.sqlite.counting.scales import SqliteScales

        return SqliteScales(**self._sqlite)

    @cached_property
    def batches(self) -> "Batches":
        from circles.adapters.sqlite.counting.batches import SqliteBatches

        return SqliteBatches(**self._sqlite)

    @cached_property
    def statistics(self) -> "Statistics":
        from circles.adapters.sqlite.exports.statistics import SqliteStatistics

        return SqliteStatistics(**self._sqlite)

    @cached_property
    def selections(self) -> "Selections":
        from circles.adapters.sqlite.exports.selections import SqliteSelections

        return SqliteSelections(**self._sqlite)

    @cached_property
    def tokens(self) -> Tokens:
        from circles.adapters.sqlite.access.tokens import SqliteTokens

        return SqliteTokens(**self._sqlite)

    @cached_property
    def outbox(self) -> Outbox:
        from circles.adapters.sqlite.outbox import SqliteOutbox

        return SqliteOutbox(**self._sqlite)

    @cached_property
    def upkeep(self) -> Upkeep:
        from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep

        return SqliteUpkeep(**self._sqlite)
