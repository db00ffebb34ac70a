-- Runs whose times were not measured: the release derived them from other runs.
select
    run_id,
    arch_id,
    dataset,
    schedule_epochs,
    trial
from run
where not seconds_are_measured;
