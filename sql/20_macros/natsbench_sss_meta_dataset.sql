-- Which width, counted from 1, of an architecture written c1:c2:c3:c4:c5.
create or replace macro layer_width(written, layer) as
string_split(written, ':')[layer]::integer;

comment on macro layer_width is 'Channels of one layer of a network of the size space';  -- noqa: PRS

-- The size space has one cell and differs in widths alone: they stand where the meta-features of a cell would.
create or replace macro natsbench_sss_meta_dataset(of_dataset, of_schedule) as table
    select
        architecture.arch_id,
        architecture.native_key as arch_key,
        architecture.native_index::integer as arch_index,
        architecture.graph_id,
        architecture.functional_id,
        summary.epoch::integer as epoch,
        layer_width(architecture.native_key, 1) as width_1,
        layer_width(architecture.native_key, 2) as width_2,
        layer_width(architecture.native_key, 3) as width_3,
        layer_width(architecture.native_key, 4) as width_4,
        layer_width(architecture.native_key, 5) as width_5,
        summary.parameters::bigint as parameters,
        summary.flops::bigint as flops,
        summary.latency_seconds,
        summary.train_accuracy,
        summary.valid_accuracy,
        summary.test_accuracy,
        summary.valid_test_accuracy,
        summary.train_accuracy_std,
        summary.valid_accuracy_std,
        summary.test_accuracy_std,
        summary.valid_test_accuracy_std,
        summary.trials::integer as trials,
        summary.train_seconds
    from cell_metric as summary
    inner join architecture
        on
            summary.arch_id = architecture.arch_id
            and architecture.benchmark = 'natsbench_sss'
    where
        summary.dataset = of_dataset
        and summary.schedule_epochs = of_schedule
        and summary.epoch = of_schedule;

comment on macro table natsbench_sss_meta_dataset is 'Rows of a size-space meta-dataset';  -- noqa: PRS
