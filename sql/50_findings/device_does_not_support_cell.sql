-- Measurements without any value: the device does not support the network (-1 in the published files).
-- A measurement with another value counts as supported, as its NULL may also be not measured.
select
    arch_id,
    dataset,
    device,
    batch_size
from device_measurement
where
    latency_seconds is null
    and energy_joules is null
    and arithmetic_intensity is null;
