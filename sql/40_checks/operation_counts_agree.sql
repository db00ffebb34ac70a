-- The operations of an architecture, one by one, are those that its counts tell.
with listed as (
    select
        arch_id,
        count(*) as operations
    from op
    group by arch_id
)

select
    architecture.arch_id,
    listed.operations,
    architecture.conv1x1_count
    + architecture.conv3x3_count
    + architecture.pool_count
    + architecture.skip_count
    + architecture.none_count as counted
from architecture
left join listed on architecture.arch_id = listed.arch_id
where
    coalesce(listed.operations, 0)
    <> architecture.conv1x1_count
    + architecture.conv3x3_count
    + architecture.pool_count
    + architecture.skip_count
    + architecture.none_count;
