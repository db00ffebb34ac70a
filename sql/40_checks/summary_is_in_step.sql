-- The kept summary counts every epoch of every run, and nothing else.
with counted as (
    select
        (select count(*) from epoch_metric) as epoch_rows,
        (select coalesce(sum(coalesce(trials, 1)), 0)::bigint from cell_metric) as summarised_rows
)

select
    epoch_rows,
    summarised_rows
from counted
where epoch_rows <> summarised_rows;
