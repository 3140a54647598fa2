"""How many processor cores this process may use: what affinity and the container's CPU quota leave of the machine's."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Return the cores to plan for, at least 1; part of a core counts as one (quota 1.5 gives 2)."""
    affine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota_v2(cgroup) or _quota_v1(cgroup)
    return max(1, affine if quota is None else min(affine, math.ceil(quota)))


def _quota_v2(cgroup: Path) -> float | None:
    """Read cpu.max, "<quota or max> <period>" in microseconds (Linux, Documentation/admin-guide/cgroup-v2.rst)."""
    words = _words(cgroup / "cpu.max")
    return _ratio(words[0], words[1]) if len(words) == 2 else None


def _quota_v1(cgroup: Path) -> float | None:
    """Read cpu.cfs_quota_us and cpu.cfs_period_us; a quota of -1 is none (Documentation/scheduler/sched-bwc.rst)."""
    quota, period = _words(cgroup / "cpu/cpu.cfs_quota_us"), _words(cgroup / "cpu/cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _ratio(quota: str, period: str) -> float | None:
    """Return quota / period, or None where they set no limit ("max", -1, 0)."""
    if not (quota.isdigit() and period.isdigit() and int(quota) and int(period)):
        return None
    return int(quota) / int(period)
