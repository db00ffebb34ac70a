-- The published meta-features of a cell, from the numbers of its 1x1 and 3x3 convolutions.
-- Input and output nodes do not count; a cell without convolutions has 0 everywhere.
create or replace macro conv_num_layers(conv1x1s, conv3x3s) as
conv1x1s::integer + conv3x3s::integer;

create or replace macro conv_kernel_min(conv1x1s, conv3x3s) as
case when conv1x1s > 0 then 1 when conv3x3s > 0 then 3 else 0 end;

create or replace macro conv_kernel_max(conv1x1s, conv3x3s) as
case when conv3x3s > 0 then 3 when conv1x1s > 0 then 1 else 0 end;

-- The commonest kernel size; the smaller one on a tie.
create or replace macro conv_kernel_mode(conv1x1s, conv3x3s) as
case when conv3x3s > conv1x1s then 3 when conv1x1s > 0 then 1 else 0 end;

-- How often an operation occurs in a comma-joined list.
create or replace macro operation_count(operations, name) as
coalesce(len(list_filter(string_split(operations, ','), lambda one: one = name)), 0);

comment on macro conv_num_layers is 'Convolutions in a cell';  -- noqa: PRS
comment on macro conv_kernel_min is 'Smallest kernel size of a cell''s convolutions; 0 without any';  -- noqa: PRS
comment on macro conv_kernel_max is 'Largest kernel size of a cell''s convolutions; 0 without any';  -- noqa: PRS
comment on macro conv_kernel_mode is 'Commonest kernel size of a cell''s convolutions; 0 without any';  -- noqa: PRS
comment on macro operation_count is 'How often an operation occurs in a comma-joined list';  -- noqa: PRS
