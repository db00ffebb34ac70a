create or replace macro toy_meta_dataset(of_epoch) as table
    select
        architecture.arch_id,
        architecture.native_key as arch_key,
        architecture.native_index::integer as arch_index,
        architecture.graph_id,
        architecture.functional_id,
        operation_count(replace(architecture.native_key, '>', ','), 'wide')::integer
            as wide_layers,
        summary.parameters::bigint as parameters,
        summary.flops::bigint as flops,
        summary.latency_seconds,
        summary.valid_accuracy,
        summary.test_accuracy,
        summary.trials::integer as trials,
        summary.train_seconds
    from cell_metric as summary
    inner join architecture
        on summary.arch_id = architecture.arch_id and architecture.benchmark = 'toy'
    where summary.dataset = 'shapes' and summary.epoch = of_epoch;

create or replace view meta_toy_shapes_2epochs as
from toy_meta_dataset(2);

create or replace view meta_toy_shapes_4epochs as
from toy_meta_dataset(4);

comment on view meta_toy_shapes_4epochs is 'Toy networks on shapes, at the end of their training';
comment on column meta_toy_shapes_4epochs.wide_layers is 'Wide layers of the network';
