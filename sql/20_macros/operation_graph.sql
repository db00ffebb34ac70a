-- An operation in the vocabulary that all spaces share.
create or replace macro shared_operation(name) as
case name
    when 'conv3x3-bn-relu' then 'conv3x3'
    when 'nor_conv_3x3' then 'conv3x3'
    when 'conv1x1-bn-relu' then 'conv1x1'
    when 'nor_conv_1x1' then 'conv1x1'
    when 'maxpool3x3' then 'max_pool3x3'
    when 'avg_pool_3x3' then 'avg_pool3x3'
    when 'skip_connect' then 'skip'
    else name
end;

-- The six edges of a NAS-Bench-201 cell, in the order 0>1, 0>2, 1>2, 0>3, 1>3, 2>3, with whether each
-- is on a path from node 0 to node 3 that is free of `none`.
create or replace macro live_edges(ops) as
[
    {
        'op': ops[1], 'starts': 0, 'ends': 1,
        'live': ops[1] <> 'none' and (ops[5] <> 'none' or (ops[3] <> 'none' and ops[6] <> 'none'))
    },
    { 'op': ops[2], 'starts': 0, 'ends': 2, 'live': ops[2] <> 'none' and ops[6] <> 'none' },
    {
        'op': ops[3], 'starts': 1, 'ends': 2,
        'live': ops[1] <> 'none' and ops[3] <> 'none' and ops[6] <> 'none'
    },
    { 'op': ops[4], 'starts': 0, 'ends': 3, 'live': ops[4] <> 'none' },
    { 'op': ops[5], 'starts': 1, 'ends': 3, 'live': ops[1] <> 'none' and ops[5] <> 'none' },
    {
        'op': ops[6], 'starts': 2, 'ends': 3,
        'live': ops[6] <> 'none' and (ops[2] <> 'none' or (ops[1] <> 'none' and ops[3] <> 'none'))
    }
];

comment on macro shared_operation is 'An operation in the vocabulary of all spaces';  -- noqa: PRS
comment on macro live_edges is 'The six edges of a NAS-Bench-201 cell, and whether each is on a path to the output';  -- noqa: PRS
