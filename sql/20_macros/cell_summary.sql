-- A summary value whose trials are not told (trial 0) has no deviation.
create or replace macro deviation(measured, trial) as
case when max(trial) > 0 then stddev_pop(measured) end;

-- Parameters and FLOPs that differ between trials are a known fault of the releases: trial 888 is the
-- one the benchmark's own interface trusts; without it, the first trial that has them.
create or replace macro trusted(counted, trial) as
arg_min(counted, case when trial = 888 then -1 else trial::integer end);

-- The summary over trials, for a range of architectures in one schedule.
create or replace macro cell_summary(of_dataset, of_schedule, first_arch, last_arch) as table
    select
        run.arch_id,
        of_dataset as dataset,
        of_schedule as schedule_epochs,
        epoch_metric.epoch,
        case when max(run.trial) > 0 then count(*) end::usmallint as trials,
        trusted(run.parameters, run.trial) as parameters,
        trusted(run.flops, run.trial) as flops,
        avg(run.latency_seconds) as latency_seconds,
        avg(epoch_metric.train_accuracy) as train_accuracy,
        deviation(epoch_metric.train_accuracy, run.trial) as train_accuracy_std,
        avg(epoch_metric.train_top5_accuracy) as train_top5_accuracy,
        deviation(epoch_metric.train_top5_accuracy, run.trial) as train_top5_accuracy_std,
        avg(epoch_metric.train_loss) as train_loss,
        deviation(epoch_metric.train_loss, run.trial) as train_loss_std,
        avg(epoch_metric.valid_accuracy) as valid_accuracy,
        deviation(epoch_metric.valid_accuracy, run.trial) as valid_accuracy_std,
        avg(epoch_metric.valid_loss) as valid_loss,
        deviation(epoch_metric.valid_loss, run.trial) as valid_loss_std,
        avg(epoch_metric.test_accuracy) as test_accuracy,
        deviation(epoch_metric.test_accuracy, run.trial) as test_accuracy_std,
        avg(epoch_metric.test_loss) as test_loss,
        deviation(epoch_metric.test_loss, run.trial) as test_loss_std,
        avg(epoch_metric.valid_test_accuracy) as valid_test_accuracy,
        deviation(epoch_metric.valid_test_accuracy, run.trial) as valid_test_accuracy_std,
        avg(epoch_metric.valid_test_loss) as valid_test_loss,
        deviation(epoch_metric.valid_test_loss, run.trial) as valid_test_loss_std,
        avg(epoch_metric.train_seconds) as train_seconds,
        deviation(epoch_metric.train_seconds, run.trial) as train_seconds_std,
        avg(epoch_metric.valid_seconds) as valid_seconds,
        deviation(epoch_metric.valid_seconds, run.trial) as valid_seconds_std,
        avg(epoch_metric.test_seconds) as test_seconds,
        deviation(epoch_metric.test_seconds, run.trial) as test_seconds_std,
        avg(epoch_metric.valid_test_seconds) as valid_test_seconds,
        deviation(epoch_metric.valid_test_seconds, run.trial) as valid_test_seconds_std
    from run
    inner join epoch_metric on run.run_id = epoch_metric.run_id
    where
        run.dataset = of_dataset
        and run.schedule_epochs = of_schedule
        and run.arch_id between first_arch and last_arch
    group by run.arch_id, epoch_metric.epoch;

comment on macro table cell_summary is 'Means and deviations over trials, as kept in cell_metric';  -- noqa: PRS
comment on macro deviation is 'Population standard deviation over trials; NULL for a summary value';  -- noqa: PRS
comment on macro trusted is 'A count as trial 888 has it, else the first trial that has one';  -- noqa: PRS
