-- A schedule of an architecture holds either one summary value (trial 0) or real trials.
select
    arch_id,
    dataset,
    schedule_epochs
from run
group by arch_id, dataset, schedule_epochs
having min(trial) = 0 and max(trial) > 0;
