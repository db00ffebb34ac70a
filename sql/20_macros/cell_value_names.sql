-- The column of `cell_value` for a value of a device, of an attack or of a proxy.
create or replace macro device_column(device, batch_size, unit) as
device || coalesce('_batch_' || batch_size, '') || '_' || unit;

create or replace macro attack_column(attack, norm, epsilon) as
attack || '_' || lower(norm) || '_eps_'
|| replace(regexp_replace(epsilon::text, '\.0$', ''), '.', '_') || '_accuracy';

-- Every value that has a column, or could have one; a cell that a device does not support has NULL.
create or replace macro named_values(of_dataset) as table
    select
        arch_id,
        dataset,
        device_column(device, batch_size, 'latency_seconds') as name,
        latency_seconds as value
    from device_measurement
    where dataset = of_dataset
    union all
    select
        arch_id,
        dataset,
        device_column(device, batch_size, 'energy_joules') as name,
        energy_joules as value
    from device_measurement
    where
        dataset = of_dataset
        and energy_joules is not null
    union all
    select
        arch_id,
        dataset,
        device_column(device, batch_size, 'arithmetic_intensity') as name,
        arithmetic_intensity as value
    from device_measurement
    where
        dataset = of_dataset
        and arithmetic_intensity is not null
    union all
    select
        arch_id,
        dataset,
        attack_column(attack, norm, epsilon) as name,
        accuracy as value
    from robustness_measurement
    where dataset = of_dataset
    union all
    select
        arch_id,
        dataset,
        'proxy_' || name as name,
        value
    from proxy
    where dataset = of_dataset;

comment on macro device_column is 'Column of a value of a device';  -- noqa: PRS
comment on macro attack_column is 'Column of the accuracy under an attack';  -- noqa: PRS
comment on macro table named_values is 'Values of devices, robustness and proxies on a data set, by column';  -- noqa: PRS
