-- Every epoch belongs to a known run and lies within its schedule.
select
    epoch_metric.run_id,
    epoch_metric.epoch,
    run.schedule_epochs
from epoch_metric
left join run on epoch_metric.run_id = run.run_id
where
    run.run_id is null
    or epoch_metric.epoch > run.schedule_epochs;
