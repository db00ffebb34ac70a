-- One row for each operation of the architectures from `first_arch` on.
create or replace macro nasbench101_operations(first_arch) as table
    select
        nodes.arch_id,
        nodes.position,
        nodes.operation as op,
        null::utinyint as from_node,
        null::utinyint as to_node
    from (
        select
            arch_id,
            unnest(string_split(operations, ',')) as operation,
            unnest(range(nodes::bigint))::utinyint as position
        from architecture
        where
            benchmark = 'nasbench101'
            and arch_id >= first_arch
    ) as nodes
    where nodes.operation not in ('input', 'output');

-- The architecture string names its six edges as 0>1, 0>2, 1>2, 0>3, 1>3, 2>3.
create or replace macro nasbench201_operations(first_arch) as table
    select
        edges.arch_id,
        edges.position,
        edges.operation as op,
        edges.from_node,
        edges.to_node
    from (
        select
            arch_id,
            unnest(string_split(operations, ',')) as operation,
            unnest([0, 1, 2, 3, 4, 5])::utinyint as position,
            unnest([0, 0, 1, 0, 1, 2])::utinyint as from_node,
            unnest([1, 2, 2, 3, 3, 3])::utinyint as to_node
        from architecture
        where
            benchmark = 'nasbench201'
            and arch_id >= first_arch
    ) as edges;

-- A benchmark of a plug-in lists its operations in an order of its own, and no edges.
create or replace macro added_operations(first_arch) as table
    select
        arch_id,
        unnest(range(len(string_split(operations, ','))))::utinyint as position,
        unnest(string_split(operations, ',')) as op,
        null::utinyint as from_node,
        null::utinyint as to_node
    from architecture
    where
        benchmark not in ('nasbench101', 'nasbench201', 'natsbench_sss')
        and arch_id >= first_arch;

comment on macro table nasbench101_operations is 'Rows of op for new cells of NAS-Bench-101';  -- noqa: PRS
comment on macro table nasbench201_operations is 'Rows of op for new cells of NAS-Bench-201';  -- noqa: PRS
comment on macro table added_operations is 'Rows of op for new cells of a plug-in''s benchmark';  -- noqa: PRS
