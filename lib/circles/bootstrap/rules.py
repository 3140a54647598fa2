"""Make the rules of the use cases from settings."""

from datetime import timedelta

from circles.domain.access.principals import AccessRules
from circles.domain.services import Rules
from circles.settings import Settings


def make_rules(known: Settings) -> Rules:
    return Rules(
        # 15 for decoding and a slow disk
        lease=timedelta(seconds=known.predictor_timeout_s + known.busy_timeout_s + 15),
        incoming_prefix=known.incoming_prefix,
        max_upload_bytes=known.max_upload_bytes,
        max_objects=known.max_objects,
        max_attempts=known.max_attempts,
        give_up_after=timedelta(seconds=known.give_up_after_s),
        keep_runs=known.keep_runs,
        repair_after=timedelta(seconds=known.repair_after_s),
        repair_budget=timedelta(seconds=known.repair_budget_s),
        adopt_after=timedelta(seconds=known.adopt_after_s),
        event_type_prefix=known.event_type_prefix,
        event_source=known.event_source,
        event_timeout=timedelta(seconds=known.sink_timeout_s),
        event_max_attempts=known.event_max_attempts,
        max_pending=known.max_pending,
        batch_quiet=timedelta(seconds=known.batch_quiet_s),
        sure_score=known.sure_score,
    )


def make_access_rules(known: Settings) -> AccessRules:
    return AccessRules(
        is_open=known.access == "open",
        hosts=known.hosts,
        session_lifetime=timedelta(seconds=known.session_s),
        trusted_header=known.trusted_header,
        groups_header=known.trusted_groups_header,
        trusted_secret=known.trusted_secret,
        groups=dict(known.trusted_groups),
        uploads_per_minute=known.uploads_per_minute,
        detections_per_minute=known.detections_per_minute,
    )
