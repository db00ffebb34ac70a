-- Runs of NAS-Bench-101 that never learned: accuracy at chance (10 %, give or take 2) after 108 epochs.
-- The accuracy is that on training images; where none was recorded, on test images.
select
    run.run_id,
    run.arch_id,
    run.schedule_epochs,
    run.trial,
    coalesce(epoch_metric.train_accuracy, epoch_metric.test_accuracy) as accuracy
from run
inner join architecture on run.arch_id = architecture.arch_id
inner join epoch_metric
    on
        run.run_id = epoch_metric.run_id
        and run.schedule_epochs = epoch_metric.epoch
where
    architecture.benchmark = 'nasbench101'
    and run.schedule_epochs = 108
    and coalesce(epoch_metric.train_accuracy, epoch_metric.test_accuracy) <= 0.12;
