-- One row for each run and epoch.
select
    run_id,
    epoch,
    count(*) as rows_found
from epoch_metric
group by run_id, epoch
having count(*) > 1;
