-- Runs of NAS-Bench-101 that never learned: training accuracy at chance (10 %, give or take 2) at the end.
select
    run.run_id,
    run.arch_id,
    run.schedule_epochs,
    run.trial,
    epoch_metric.train_accuracy
from run
inner join architecture on run.arch_id = architecture.arch_id
inner join epoch_metric
    on
        run.run_id = epoch_metric.run_id
        and run.schedule_epochs = epoch_metric.epoch
where
    architecture.benchmark = 'nasbench101'
    and run.schedule_epochs = 108
    and epoch_metric.train_accuracy <= 0.12;
