-- The cells of NAS-Bench-101 that are of a search space of NAS-Bench-1Shot1, which has places for
-- operations: first `of_one` whose vertices have one parent, then `of_two` of two parents. The output
-- has `of_output`. Parents are any vertices at earlier places, or the input. Once what is on no path
-- to the output is left out, the vertices that stay have all their parents. A cell is of the space if
-- they fit into its places, some of which stay empty. Few matrices decide for all cells.
create or replace macro nasbench101_1shot1_cells(of_one, of_two, of_output) as table
    with recursive matrix as (
        select distinct
            adjacency,
            nodes
        from architecture
        where hash_order is not null
    ),

    -- Of seven vertices at most.
    place as (
        select unnest(range(49)) as bit
    ),

    edge as (
        select
            matrix.adjacency,
            place.bit // matrix.nodes as starts,
            place.bit % matrix.nodes as ends
        from matrix
        cross join place
        where matrix.adjacency[place.bit + 1] = '1'
    ),

    from_input as (
        select
            adjacency,
            0::bigint as vertex
        from matrix
        union
        select
            edge.adjacency,
            edge.ends as vertex
        from from_input
        inner join edge on from_input.adjacency = edge.adjacency and from_input.vertex = edge.starts
    ),

    to_output as (
        select
            adjacency,
            nodes - 1::bigint as vertex
        from matrix
        union
        select
            edge.adjacency,
            edge.starts as vertex
        from to_output
        inner join edge on to_output.adjacency = edge.adjacency and to_output.vertex = edge.ends
    ),

    -- Each vertex but the input, with the one before it and the last of its parents.
    vertex as (
        select
            edge.adjacency,
            edge.ends as vertex,
            count(*) as parents,
            max(edge.starts) as last_parent,
            lag(edge.ends, 1, 0) over (partition by edge.adjacency order by edge.ends) as previous
        from edge
        inner join from_input on edge.adjacency = from_input.adjacency and edge.starts = from_input.vertex
        inner join to_output on edge.adjacency = to_output.adjacency and edge.ends = to_output.vertex
        group by edge.adjacency, edge.ends
    ),

    shape as (
        select
            vertex.adjacency,
            count(*) filter (vertex.vertex < matrix.nodes - 1 and vertex.parents = 1) as of_one_parent,
            count(*) filter (vertex.vertex < matrix.nodes - 1 and vertex.parents = 2) as of_two_parents,
            count(*) - 1 as operations,
            max(vertex.parents) filter (vertex.vertex = matrix.nodes - 1) as output_parents,
            bool_or(
                vertex.vertex < matrix.nodes - 1
                and vertex.parents = 1
                and coalesce(parent.parents, 0) = 2
            ) as has_one_after_two,
            bool_and(vertex.last_parent = vertex.previous) as is_chain
        from vertex
        inner join matrix on vertex.adjacency = matrix.adjacency
        left join vertex as parent
            on vertex.adjacency = parent.adjacency and vertex.last_parent = parent.vertex
        group by vertex.adjacency
    )

    select
        architecture.arch_id,
        shape.is_chain as listed_by_authors
    from shape
    inner join architecture
        on shape.adjacency = architecture.adjacency and architecture.hash_order is not null
    where
        shape.of_one_parent <= of_one
        and shape.of_two_parents <= of_two
        and shape.of_one_parent + shape.of_two_parents = shape.operations
        and shape.output_parents = of_output
        and not shape.has_one_after_two;

comment on macro table nasbench101_1shot1_cells is 'NAS-Bench-101 cells of a search space of NAS-Bench-1Shot1';  -- noqa: PRS
