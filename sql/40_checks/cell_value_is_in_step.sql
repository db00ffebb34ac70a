-- The table cell_value has each value of a device, of an attack and of a published proxy, and nothing else.
with shown as (
    select
        dataset,
        name,
        count(*) as cells
    from (
        unpivot cell_value
        on columns(* exclude (arch_id, dataset))
        into name name value value
    )
    group by dataset, name
),

measured as (
    select
        dataset,
        device_column(device, batch_size, 'latency_seconds') as name,
        count(latency_seconds) as cells
    from device_measurement
    group by dataset, device, batch_size
    union all
    select
        dataset,
        device_column(device, batch_size, 'energy_joules') as name,
        count(energy_joules) as cells
    from device_measurement
    group by dataset, device, batch_size
    union all
    select
        dataset,
        device_column(device, batch_size, 'arithmetic_intensity') as name,
        count(arithmetic_intensity) as cells
    from device_measurement
    group by dataset, device, batch_size
    union all
    select
        dataset,
        attack_column(attack, norm, epsilon) as name,
        count(*) as cells
    from robustness_measurement
    group by dataset, attack, norm, epsilon
    union all
    select
        dataset,
        'proxy_' || name as name,
        count(value) as cells
    from proxy
    group by dataset, proxy.name
)

select
    coalesce(shown.dataset, measured.dataset) as dataset,
    coalesce(shown.name, measured.name) as name,
    shown.cells as cells_shown,
    measured.cells as cells_measured
from shown
full outer join measured on shown.dataset = measured.dataset and shown.name = measured.name
where
    coalesce(shown.cells, 0) <> coalesce(measured.cells, 0)
    and coalesce(shown.name, measured.name) in (
        select column_name
        from duckdb_columns()
        where
            table_name = 'cell_value'
            and schema_name = 'main'
            and database_name = current_database()
    );
