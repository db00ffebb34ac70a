-- The separate training of `of_schedule` epochs after its last epoch, with its state at half time.
create or replace macro nasbench101_meta_dataset(of_schedule) as table
    select
        architecture.arch_id,
        architecture.native_key as arch_key,
        architecture.graph_id,
        architecture.functional_id,
        architecture.hash_order,
        conv_num_layers(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_num_layers,
        conv_kernel_min(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_kernel_min,
        conv_kernel_max(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_kernel_max,
        conv_kernel_mode(architecture.conv1x1_count, architecture.conv3x3_count)
            as conv_kernel_mode,
        architecture.pool_count::integer as maxpool_num_layers,
        summary.parameters::bigint as parameters,
        summary.flops::bigint as flops,
        summary.latency_seconds,
        summary.train_accuracy,
        summary.valid_accuracy,
        summary.test_accuracy,
        summary.train_accuracy_std,
        summary.valid_accuracy_std,
        summary.test_accuracy_std,
        summary.trials::integer as trials,
        summary.train_seconds,
        summary.halfway_train_accuracy,
        summary.halfway_valid_accuracy,
        summary.halfway_test_accuracy,
        summary.halfway_train_seconds
    from cell_metric as summary
    inner join architecture
        on
            summary.arch_id = architecture.arch_id
            -- Of this benchmark alone; a comparison of its name takes a tenth longer.
            and architecture.hash_order is not null
    where
        summary.dataset = 'cifar10'
        and summary.schedule_epochs = of_schedule
        and summary.epoch = of_schedule;

comment on macro table nasbench101_meta_dataset is 'Rows of a NAS-Bench-101 meta-dataset';  -- noqa: PRS
