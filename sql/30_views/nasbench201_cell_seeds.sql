-- Which trials each cell has in a schedule on a data set; a summary value, of trials that are not told, is none.
create or replace view nasbench201_cell_seeds as
select
    run.arch_id,
    run.dataset,
    run.schedule_epochs,
    list(run.trial::integer order by run.trial) as seeds
from run
inner join architecture on run.arch_id = architecture.arch_id
where
    architecture.benchmark = 'nasbench201'
    and run.trial > 0
group by run.arch_id, run.dataset, run.schedule_epochs;

comment on view nasbench201_cell_seeds is
'Trials of NAS-Bench-201: one row per cell, data set and schedule that has any';
