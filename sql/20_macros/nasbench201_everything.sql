-- All that is held of a cell on one data set: the 200-epoch training, devices, robustness and proxies.
-- CIFAR-10 has two trainings: the cell's accuracies are those of the training with a validation set.
create or replace macro nasbench201_everything(of_training, of_images) as table
    select
        trained.arch_id,
        trained.arch_key,
        trained.arch_index,
        trained.graph_id,
        trained.functional_id,
        trained.conv_num_layers,
        trained.conv_kernel_min,
        trained.conv_kernel_max,
        trained.conv_kernel_mode,
        trained.avg_pool_num_layers,
        trained.skip_connection_num_layers,
        trained.zeroize_num_layers,
        trained.parameters,
        trained.flops,
        trained.latency_seconds,
        trained.train_accuracy,
        trained.valid_accuracy,
        trained.test_accuracy,
        trained.valid_test_accuracy,
        trained.train_accuracy_std,
        trained.valid_accuracy_std,
        trained.test_accuracy_std,
        trained.valid_test_accuracy_std,
        trained.trials,
        trained.train_seconds,
        trained.whole_training_test_accuracy,
        trained.whole_training_test_accuracy_std,
        cell_value.edgegpu_latency_seconds,
        cell_value.edgegpu_energy_joules,
        cell_value.raspi4_latency_seconds,
        cell_value.edgetpu_latency_seconds,
        cell_value.pixel3_latency_seconds,
        cell_value.eyeriss_latency_seconds,
        cell_value.eyeriss_energy_joules,
        cell_value.eyeriss_arithmetic_intensity,
        cell_value.fpga_latency_seconds,
        cell_value.fpga_energy_joules,
        cell_value.pixel2_latency_seconds,
        cell_value.samsung_a50_latency_seconds,
        cell_value.samsung_s7_latency_seconds,
        cell_value.essential_ph_1_latency_seconds,
        cell_value.gold_6226_latency_seconds,
        cell_value.gold_6240_latency_seconds,
        cell_value.silver_4114_latency_seconds,
        cell_value.silver_4210r_latency_seconds,
        cell_value.gtx_1080ti_batch_1_latency_seconds,
        cell_value.gtx_1080ti_batch_32_latency_seconds,
        cell_value.gtx_1080ti_batch_256_latency_seconds,
        cell_value.rtx_2080ti_batch_1_latency_seconds,
        cell_value.rtx_2080ti_batch_32_latency_seconds,
        cell_value.rtx_2080ti_batch_256_latency_seconds,
        cell_value.titan_rtx_batch_1_latency_seconds,
        cell_value.titan_rtx_batch_32_latency_seconds,
        cell_value.titan_rtx_batch_256_latency_seconds,
        cell_value.titanx_batch_1_latency_seconds,
        cell_value.titanx_batch_32_latency_seconds,
        cell_value.titanx_batch_256_latency_seconds,
        cell_value.titanxp_batch_1_latency_seconds,
        cell_value.titanxp_batch_32_latency_seconds,
        cell_value.titanxp_batch_256_latency_seconds,
        cell_value.aa_apgd_ce_linf_eps_0_1_accuracy,
        cell_value.aa_apgd_ce_linf_eps_0_5_accuracy,
        cell_value.aa_apgd_ce_linf_eps_1_accuracy,
        cell_value.aa_apgd_ce_linf_eps_2_accuracy,
        cell_value.aa_apgd_ce_linf_eps_3_accuracy,
        cell_value.aa_apgd_ce_linf_eps_4_accuracy,
        cell_value.aa_apgd_ce_linf_eps_8_accuracy,
        cell_value.aa_square_linf_eps_0_1_accuracy,
        cell_value.aa_square_linf_eps_0_5_accuracy,
        cell_value.aa_square_linf_eps_1_accuracy,
        cell_value.aa_square_linf_eps_2_accuracy,
        cell_value.aa_square_linf_eps_3_accuracy,
        cell_value.aa_square_linf_eps_4_accuracy,
        cell_value.aa_square_linf_eps_8_accuracy,
        cell_value.fgsm_linf_eps_0_1_accuracy,
        cell_value.fgsm_linf_eps_0_5_accuracy,
        cell_value.fgsm_linf_eps_1_accuracy,
        cell_value.fgsm_linf_eps_2_accuracy,
        cell_value.fgsm_linf_eps_3_accuracy,
        cell_value.fgsm_linf_eps_4_accuracy,
        cell_value.fgsm_linf_eps_5_accuracy,
        cell_value.fgsm_linf_eps_6_accuracy,
        cell_value.fgsm_linf_eps_7_accuracy,
        cell_value.fgsm_linf_eps_8_accuracy,
        cell_value.fgsm_linf_eps_255_accuracy,
        cell_value.pgd_linf_eps_0_1_accuracy,
        cell_value.pgd_linf_eps_0_5_accuracy,
        cell_value.pgd_linf_eps_1_accuracy,
        cell_value.pgd_linf_eps_2_accuracy,
        cell_value.pgd_linf_eps_3_accuracy,
        cell_value.pgd_linf_eps_4_accuracy,
        cell_value.pgd_linf_eps_8_accuracy,
        cell_value.proxy_epe_nas,
        cell_value.proxy_fisher,
        cell_value.proxy_flops,
        cell_value.proxy_grad_norm,
        cell_value.proxy_grasp,
        cell_value.proxy_jacov,
        cell_value.proxy_l2_norm,
        cell_value.proxy_nwot,
        cell_value.proxy_params,
        cell_value.proxy_plain,
        cell_value.proxy_snip,
        cell_value.proxy_synflow,
        cell_value.proxy_zen
    -- Joined last: the other way round, the widest rows go through every join.
    from (
        select
            architecture.arch_id,
            architecture.native_key as arch_key,
            architecture.native_index::integer as arch_index,
            architecture.graph_id,
            architecture.functional_id,
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
            summary.train_seconds,
            whole.test_accuracy as whole_training_test_accuracy,
            whole.test_accuracy_std as whole_training_test_accuracy_std
        from architecture
        left join cell_metric as summary
            on
                architecture.arch_id = summary.arch_id
                and summary.dataset = of_training
                and summary.schedule_epochs = 200
                and summary.epoch = 200
        left join cell_metric as whole
            on
                architecture.arch_id = whole.arch_id
                and whole.dataset = of_images
                and whole.dataset <> of_training
                and whole.schedule_epochs = 200
                and whole.epoch = 200
        where architecture.benchmark = 'nasbench201'
    ) as trained
    left join cell_value
        on
            trained.arch_id = cell_value.arch_id
            and cell_value.dataset = of_images;

comment on macro table nasbench201_everything is 'All that is held of NAS-Bench-201 cells on a data set, a row each';  -- noqa: PRS
