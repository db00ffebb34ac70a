create table if not exists op (
    arch_id uinteger not null,
    position utinyint not null,
    op text not null,
    from_node utinyint,
    to_node utinyint
);

comment on table op is
'Operations of a cell: on nodes but input and output (NAS-Bench-101), on edges (NAS-Bench-201), or as listed';
comment on column op.arch_id is 'Architecture';
comment on column op.position is
'Node of the operation (NAS-Bench-101), or place of the edge in the architecture string from 0';
comment on column op.op is 'Operation, as the benchmark names it';
comment on column op.from_node is 'Node where the edge starts; NULL for an operation on a node';
comment on column op.to_node is 'Node where the edge ends; NULL for an operation on a node';
