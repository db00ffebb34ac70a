-- Latencies and whole times of runs are finite, and zero or more.
select
    run_id,
    latency_seconds,
    total_seconds
from run
where
    not (isfinite(latency_seconds) and latency_seconds >= 0)
    or not (isfinite(total_seconds) and total_seconds >= 0);
