-- Summary values of tables that do not hold their trials: no deviation can be told.
select
    run_id,
    arch_id,
    dataset,
    schedule_epochs
from run
where trial = 0;
