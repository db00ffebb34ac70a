-- The operations of an architecture, one by one, are those that its counts tell. Those of a plug-in's
-- benchmark may be of any name, and counts tell of the known ones alone.
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
    architecture.benchmark in ('nasbench101', 'nasbench201', 'natsbench_sss')
    and coalesce(listed.operations, 0)
    <> architecture.conv1x1_count
    + architecture.conv3x3_count
    + architecture.pool_count
    + architecture.skip_count
    + architecture.none_count;
