-- Latency, energy and arithmetic intensity of devices are finite, and zero or more.
select
    arch_id,
    dataset,
    device,
    batch_size,
    latency_seconds,
    energy_joules,
    arithmetic_intensity
from device_measurement
where
    not (isfinite(latency_seconds) and latency_seconds >= 0)
    or not (isfinite(energy_joules) and energy_joules >= 0)
    or not (isfinite(arithmetic_intensity) and arithmetic_intensity >= 0);
