"""KServe's V1 and V2 inference protocols, between bodies and queries. Nothing here knows HTTP or the engine."""
