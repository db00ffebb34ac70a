-- A mean over a whole search space: NULL where a tenth of the cells or more have no value.
create or replace macro whole_mean(of_values, of_cells) as
case when count(of_values) > 0.9 * of_cells then avg(of_values) end;

comment on macro whole_mean is 'Mean over a whole search space, else NULL';  -- noqa: PRS
