-- NAS-Bench-101 cells have an operation on each vertex already. Of NAS-Bench-201 cells each edge
-- becomes a vertex, fed by the edges that end where it starts; edges on no path free of `none` go.
create or replace view operation_graph as
with cell as (
    select
        arch_id,
        benchmark,
        string_split(
            case
                -- The one cell of the size space.
                when benchmark = 'natsbench_sss'
                    then 'nor_conv_3x3,nor_conv_3x3,nor_conv_3x3,skip_connect,nor_conv_3x3,nor_conv_3x3'
                else operations
            end,
            ','
        ) as ops
    from architecture
    where benchmark in ('nasbench201', 'natsbench_sss')
),

line_graph as (
    select
        cell.arch_id,
        cell.benchmark,
        list_concat(
            [{ 'op': 'input', 'starts': -1, 'ends': 0 }],
            list_transform(
                list_filter(live_edges(cell.ops), lambda edge: edge.live),
                lambda edge: { 'op': edge.op, 'starts': edge.starts, 'ends': edge.ends }
            ),
            [{ 'op': 'output', 'starts': 3, 'ends': -2 }]
        ) as vertices
    from cell
)

select
    line_graph.arch_id,
    line_graph.benchmark,
    array_to_string(
        list_transform(
            line_graph.vertices,
            lambda source: array_to_string(
                list_transform(
                    line_graph.vertices,
                    lambda target: case when source.ends = target.starts then '1' else '0' end
                ),
                ''
            )
        ),
        ''
    ) as graph_adjacency,
    array_to_string(list_transform(line_graph.vertices, lambda vertex: shared_operation(vertex.op)), ',')
        as graph_operations
from line_graph
union all
select
    arch_id,
    benchmark,
    adjacency as graph_adjacency,
    array_to_string(
        list_transform(string_split(operations, ','), lambda op: shared_operation(op)), ','
    ) as graph_operations
from architecture
where benchmark = 'nasbench101';

comment on view operation_graph is
'Cells of all spaces as graphs with an operation on each vertex, in one vocabulary';
