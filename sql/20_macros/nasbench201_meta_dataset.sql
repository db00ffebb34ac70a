-- Every epoch of one schedule on one data set; the views choose theirs.
create or replace macro nasbench201_meta_dataset(of_dataset, of_schedule) as table
    select
        architecture.arch_id,
        architecture.native_key as arch_key,
        architecture.native_index::integer as arch_index,
        architecture.graph_id,
        architecture.functional_id,
        summary.epoch::integer as epoch,
        conv_num_layers(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_num_layers,
        conv_kernel_min(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_kernel_min,
        conv_kernel_max(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_kernel_max,
        conv_kernel_mode(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_kernel_mode,
        architecture.pool_count::integer as avg_pool_num_layers,
        architecture.skip_count::integer as skip_connection_num_layers,
        architecture.none_count::integer as zeroize_num_layers,
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
            and architecture.benchmark = 'nasbench201'
    where
        summary.dataset = of_dataset
        and summary.schedule_epochs = of_schedule;

comment on macro table nasbench201_meta_dataset is 'Rows of a NAS-Bench-201 meta-dataset';  -- noqa: PRS
