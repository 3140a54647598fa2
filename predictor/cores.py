"""Count the processor cores of this process: those that affinity and the CPU quota leave it."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def count_usable_cores(cgroup: Path = CGROUP) -> int:
    """Return the number of usable cores, at least 1. A quota of 1.5 cores counts as 2."""
    has_affinity = hasattr(os, "sched_getaffinity")  # macOS does not
    allowed = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quota = _read_quota_v2(cgroup) or _read_quota_v1(cgroup)
    return max(1, allowed if quota is None else min(allowed, math.ceil(quota)))


def _read_quota_v2(cgroup: Path) -> float | None:
    """
    Read the quota of cgroup 2, in cores.

    cpu.max holds "<quota or max> <period>" in microseconds (Linux,
    Documentation/admin-guide/cgroup-v2.rst).
    """
    words = _read_words(cgroup / "cpu.max")
    return _divide(words[0], words[1]) if len(words) == 2 else None


def _read_quota_v1(cgroup: Path) -> float | None:
    """
    Read the quota of cgroup 1, in cores.

    A quota of -1 means without limit (Linux, Documentation/scheduler/sched-bwc.rst).
    """
    quota = _read_words(cgroup / "cpu/cpu.cfs_quota_us")
    period = _read_words(cgroup / "cpu/cpu.cfs_period_us")
    return _divide(quota[0], period[0]) if quota and period else None


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _divide(quota: str, period: str) -> float | None:
    """Return quota / period, or None if they do not set a limit ("max", -1, 0)."""
    if not (quota.isdigit() and period.isdigit() and int(quota) and int(period)):
        return None
    return int(quota) / int(period)
