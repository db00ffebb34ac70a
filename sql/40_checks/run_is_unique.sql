-- One run for each architecture, data set, schedule and trial.
select
    arch_id,
    dataset,
    schedule_epochs,
    trial,
    count(*) as runs
from run
group by arch_id, dataset, schedule_epochs, trial
having count(*) > 1;
