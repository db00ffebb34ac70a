create table if not exists architecture (
    arch_id uinteger not null,
    benchmark text not null,
    native_index uinteger,
    native_key text not null,
    adjacency text,
    operations text,
    nodes utinyint not null,
    edges utinyint not null,
    graph_id text not null,
    functional_id text not null,
    conv1x1_count utinyint not null,
    conv3x3_count utinyint not null,
    pool_count utinyint not null,
    skip_count utinyint not null,
    none_count utinyint not null,
    hash_order bigint
);

comment on table architecture is 'Architectures: a cell, or a network of the size space';
comment on column architecture.arch_id is 'Id in this warehouse; kept for good once given';
comment on column architecture.benchmark is 'Benchmark whose search space it belongs to';
comment on column architecture.native_index is 'Index in the benchmark''s own order; NULL if it has none';
comment on column architecture.native_key is
'Key in the benchmark itself: module hash, architecture string, or widths (size space)';
comment on column architecture.adjacency is
'Adjacency as the benchmark writes it: row-major bits; NULL where it writes none';
comment on column architecture.operations is
'Operations, comma-joined: of the nodes (NAS-Bench-101) or of the edges (NAS-Bench-201); else NULL';
comment on column architecture.nodes is 'Nodes of the cell as written, input and output included; 0 in the size space';
comment on column architecture.edges is 'Edges of the cell as written; 0 in the size space';
comment on column architecture.graph_id is
'The same for isomorphic cells: module hash, the benchmark''s unique string, or widths (size space)';
comment on column architecture.functional_id is 'The same for cells that compute the same function';
comment on column architecture.conv1x1_count is '1x1 convolutions in the cell; 0 in the size space';
comment on column architecture.conv3x3_count is '3x3 convolutions in the cell; 0 in the size space';
comment on column architecture.pool_count is
'Pooling operations in the cell: max (NAS-Bench-101) or average (NAS-Bench-201)';
comment on column architecture.skip_count is 'Skip connections in the cell (NAS-Bench-201); 0 elsewhere';
comment on column architecture.none_count is 'Zeroed edges in the cell (NAS-Bench-201); 0 elsewhere';
comment on column architecture.hash_order is
'First 60 bits of the module hash: sorts cells by their hash; NULL where the benchmark has an index';
