-- Measurements of devices and of robustness are of known architectures, and name sources that are there.
with named as (
    select
        'device_measurement' as held_in,
        arch_id,
        source_ids
    from device_measurement
    group by arch_id, source_ids
    union all
    select
        'robustness_measurement' as held_in,
        arch_id,
        source_ids
    from robustness_measurement
    group by arch_id, source_ids
)

select
    named.held_in,
    named.arch_id,
    named.source_ids
from named
left join architecture on named.arch_id = architecture.arch_id
where
    architecture.arch_id is null
    or len(named.source_ids) = 0
    or not list_has_all((select coalesce(list(source_id), []) from source), named.source_ids);
