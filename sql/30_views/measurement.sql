-- The form of `mbml ingest table`: what is exported from this view comes back unchanged.
create or replace view measurement as
select
    architecture.benchmark,
    architecture.native_index::integer as arch_index,
    case when architecture.benchmark = 'nasbench101' then architecture.native_key end
        as module_hash,
    case when architecture.benchmark = 'nasbench101' then architecture.adjacency end as adjacency,
    case when architecture.benchmark = 'nasbench101' then architecture.operations end as operations,
    case when architecture.benchmark <> 'nasbench101' then architecture.native_key end as arch_str,
    run.dataset,
    run.schedule_epochs::integer as schedule_epochs,
    run.trial::integer as trial,
    epoch_metric.epoch::integer as epoch,
    run.parameters::bigint as parameters,
    run.flops::bigint as flops,
    run.latency_seconds,
    run.total_seconds,
    run.seconds_are_measured,
    epoch_metric.train_accuracy,
    epoch_metric.train_top5_accuracy,
    epoch_metric.train_loss,
    epoch_metric.valid_accuracy,
    epoch_metric.valid_loss,
    epoch_metric.test_accuracy,
    epoch_metric.test_loss,
    epoch_metric.valid_test_accuracy,
    epoch_metric.valid_test_loss,
    epoch_metric.train_seconds,
    epoch_metric.valid_seconds,
    epoch_metric.test_seconds,
    epoch_metric.valid_test_seconds
from run
inner join architecture on run.arch_id = architecture.arch_id
inner join epoch_metric on run.run_id = epoch_metric.run_id;

comment on view measurement is
'Every run after each epoch that is loaded, one row each, in the form that `mbml ingest table` reads';
