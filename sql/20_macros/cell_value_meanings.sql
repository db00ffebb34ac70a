-- What the columns of the table cell_value mean, in each view that shows them.
create or replace macro cell_value_meanings() as table
    select
        meanings.column_name,
        meanings.meaning
    from (
        values
        (
            'edgegpu_latency_seconds',
            'Latency on the edge GPU (Jetson TX2), in seconds; NULL where not supported'
        ),
        (
            'edgegpu_energy_joules',
            'Energy on the edge GPU (Jetson TX2), in joules; NULL where not supported'
        ),
        (
            'raspi4_latency_seconds',
            'Latency on the Raspberry Pi 4, in seconds; NULL where not supported'
        ),
        (
            'edgetpu_latency_seconds',
            'Latency on the edge TPU (Coral), in seconds; NULL where not supported'
        ),
        (
            'pixel3_latency_seconds',
            'Latency on the Pixel 3 phone, in seconds; NULL where not supported'
        ),
        (
            'eyeriss_latency_seconds',
            'Latency on the ASIC Eyeriss, in seconds; NULL where not supported'
        ),
        (
            'eyeriss_energy_joules',
            'Energy on the ASIC Eyeriss, in joules; NULL where not supported'
        ),
        (
            'eyeriss_arithmetic_intensity',
            'Arithmetic intensity on the ASIC Eyeriss, in the unit of its authors'
        ),
        (
            'fpga_latency_seconds',
            'Latency on the FPGA (ZC706), in seconds; NULL where not supported'
        ),
        ('fpga_energy_joules', 'Energy on the FPGA (ZC706), in joules; NULL where not supported'),
        (
            'pixel2_latency_seconds',
            'Latency on the Pixel 2 phone, in seconds; NULL where not supported'
        ),
        (
            'samsung_a50_latency_seconds',
            'Latency on the Samsung A50 phone, in seconds; NULL where not supported'
        ),
        (
            'samsung_s7_latency_seconds',
            'Latency on the Samsung S7 phone, in seconds; NULL where not supported'
        ),
        (
            'essential_ph_1_latency_seconds',
            'Latency on the Essential PH-1 phone, in seconds; NULL where not supported'
        ),
        (
            'gold_6226_latency_seconds',
            'Latency on the CPU Xeon Gold 6226, in seconds; NULL where not supported'
        ),
        (
            'gold_6240_latency_seconds',
            'Latency on the CPU Xeon Gold 6240, in seconds; NULL where not supported'
        ),
        (
            'silver_4114_latency_seconds',
            'Latency on the CPU Xeon Silver 4114, in seconds; NULL where not supported'
        ),
        (
            'silver_4210r_latency_seconds',
            'Latency on the CPU Xeon Silver 4210R, in seconds; NULL where not supported'
        ),
        (
            'gtx_1080ti_batch_1_latency_seconds',
            'Latency of a batch of 1 on the GPU GTX 1080 Ti, in seconds; NULL where not supported'
        ),
        (
            'gtx_1080ti_batch_32_latency_seconds',
            'Latency of a batch of 32 on the GPU GTX 1080 Ti, in seconds; NULL where not supported'
        ),
        (
            'gtx_1080ti_batch_256_latency_seconds',
            'Latency of a batch of 256 on the GPU GTX 1080 Ti, in seconds; NULL where not supported'
        ),
        (
            'rtx_2080ti_batch_1_latency_seconds',
            'Latency of a batch of 1 on the GPU RTX 2080 Ti, in seconds; NULL where not supported'
        ),
        (
            'rtx_2080ti_batch_32_latency_seconds',
            'Latency of a batch of 32 on the GPU RTX 2080 Ti, in seconds; NULL where not supported'
        ),
        (
            'rtx_2080ti_batch_256_latency_seconds',
            'Latency of a batch of 256 on the GPU RTX 2080 Ti, in seconds; NULL where not supported'
        ),
        (
            'titan_rtx_batch_1_latency_seconds',
            'Latency of a batch of 1 on the GPU Titan RTX, in seconds; NULL where not supported'
        ),
        (
            'titan_rtx_batch_32_latency_seconds',
            'Latency of a batch of 32 on the GPU Titan RTX, in seconds; NULL where not supported'
        ),
        (
            'titan_rtx_batch_256_latency_seconds',
            'Latency of a batch of 256 on the GPU Titan RTX, in seconds; NULL where not supported'
        ),
        (
            'titanx_batch_1_latency_seconds',
            'Latency of a batch of 1 on the GPU Titan X, in seconds; NULL where not supported'
        ),
        (
            'titanx_batch_32_latency_seconds',
            'Latency of a batch of 32 on the GPU Titan X, in seconds; NULL where not supported'
        ),
        (
            'titanx_batch_256_latency_seconds',
            'Latency of a batch of 256 on the GPU Titan X, in seconds; NULL where not supported'
        ),
        (
            'titanxp_batch_1_latency_seconds',
            'Latency of a batch of 1 on the GPU Titan Xp, in seconds; NULL where not supported'
        ),
        (
            'titanxp_batch_32_latency_seconds',
            'Latency of a batch of 32 on the GPU Titan Xp, in seconds; NULL where not supported'
        ),
        (
            'titanxp_batch_256_latency_seconds',
            'Latency of a batch of 256 on the GPU Titan Xp, in seconds; NULL where not supported'
        ),
        (
            'aa_apgd_ce_linf_eps_0_1_accuracy',
            'Accuracy under the attack APGD of AutoAttack, Linf norm, epsilon 0.1, a fraction'
        ),
        (
            'aa_apgd_ce_linf_eps_0_5_accuracy',
            'Accuracy under the attack APGD of AutoAttack, Linf norm, epsilon 0.5, a fraction'
        ),
        (
            'aa_apgd_ce_linf_eps_1_accuracy',
            'Accuracy under the attack APGD of AutoAttack, Linf norm, epsilon 1, a fraction'
        ),
        (
            'aa_apgd_ce_linf_eps_2_accuracy',
            'Accuracy under the attack APGD of AutoAttack, Linf norm, epsilon 2, a fraction'
        ),
        (
            'aa_apgd_ce_linf_eps_3_accuracy',
            'Accuracy under the attack APGD of AutoAttack, Linf norm, epsilon 3, a fraction'
        ),
        (
            'aa_apgd_ce_linf_eps_4_accuracy',
            'Accuracy under the attack APGD of AutoAttack, Linf norm, epsilon 4, a fraction'
        ),
        (
            'aa_apgd_ce_linf_eps_8_accuracy',
            'Accuracy under the attack APGD of AutoAttack, Linf norm, epsilon 8, a fraction'
        ),
        (
            'aa_square_linf_eps_0_1_accuracy',
            'Accuracy under the attack Square of AutoAttack, Linf norm, epsilon 0.1, a fraction'
        ),
        (
            'aa_square_linf_eps_0_5_accuracy',
            'Accuracy under the attack Square of AutoAttack, Linf norm, epsilon 0.5, a fraction'
        ),
        (
            'aa_square_linf_eps_1_accuracy',
            'Accuracy under the attack Square of AutoAttack, Linf norm, epsilon 1, a fraction'
        ),
        (
            'aa_square_linf_eps_2_accuracy',
            'Accuracy under the attack Square of AutoAttack, Linf norm, epsilon 2, a fraction'
        ),
        (
            'aa_square_linf_eps_3_accuracy',
            'Accuracy under the attack Square of AutoAttack, Linf norm, epsilon 3, a fraction'
        ),
        (
            'aa_square_linf_eps_4_accuracy',
            'Accuracy under the attack Square of AutoAttack, Linf norm, epsilon 4, a fraction'
        ),
        (
            'aa_square_linf_eps_8_accuracy',
            'Accuracy under the attack Square of AutoAttack, Linf norm, epsilon 8, a fraction'
        ),
        (
            'fgsm_linf_eps_0_1_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 0.1, a fraction'
        ),
        (
            'fgsm_linf_eps_0_5_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 0.5, a fraction'
        ),
        (
            'fgsm_linf_eps_1_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 1, a fraction'
        ),
        (
            'fgsm_linf_eps_2_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 2, a fraction'
        ),
        (
            'fgsm_linf_eps_3_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 3, a fraction'
        ),
        (
            'fgsm_linf_eps_4_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 4, a fraction'
        ),
        (
            'fgsm_linf_eps_5_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 5, a fraction'
        ),
        (
            'fgsm_linf_eps_6_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 6, a fraction'
        ),
        (
            'fgsm_linf_eps_7_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 7, a fraction'
        ),
        (
            'fgsm_linf_eps_8_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 8, a fraction'
        ),
        (
            'fgsm_linf_eps_255_accuracy',
            'Accuracy under the attack FGSM, Linf norm, epsilon 255, a fraction'
        ),
        (
            'pgd_linf_eps_0_1_accuracy',
            'Accuracy under the attack PGD, Linf norm, epsilon 0.1, a fraction'
        ),
        (
            'pgd_linf_eps_0_5_accuracy',
            'Accuracy under the attack PGD, Linf norm, epsilon 0.5, a fraction'
        ),
        (
            'pgd_linf_eps_1_accuracy',
            'Accuracy under the attack PGD, Linf norm, epsilon 1, a fraction'
        ),
        (
            'pgd_linf_eps_2_accuracy',
            'Accuracy under the attack PGD, Linf norm, epsilon 2, a fraction'
        ),
        (
            'pgd_linf_eps_3_accuracy',
            'Accuracy under the attack PGD, Linf norm, epsilon 3, a fraction'
        ),
        (
            'pgd_linf_eps_4_accuracy',
            'Accuracy under the attack PGD, Linf norm, epsilon 4, a fraction'
        ),
        (
            'pgd_linf_eps_8_accuracy',
            'Accuracy under the attack PGD, Linf norm, epsilon 8, a fraction'
        ),
        ('proxy_epe_nas', 'Zero-cost proxy: correlation of Jacobians within classes'),
        ('proxy_fisher', 'Zero-cost proxy: Fisher information of the activations, summed'),
        (
            'proxy_flops',
            'Zero-cost proxy: operations of one image in millions, as the authors of the proxies count them'
        ),
        ('proxy_grad_norm', 'Zero-cost proxy: norm of the gradients of one batch'),
        (
            'proxy_grasp',
            'Zero-cost proxy: change of the norm of the gradients as weights are pruned'
        ),
        ('proxy_jacov', 'Zero-cost proxy: covariance of the Jacobian over a batch'),
        ('proxy_l2_norm', 'Zero-cost proxy: norm of the initial weights'),
        ('proxy_nwot', 'Zero-cost proxy: distance of the activation patterns of a batch'),
        (
            'proxy_params',
            'Zero-cost proxy: parameters in millions, as the authors of the proxies count them'
        ),
        ('proxy_plain', 'Zero-cost proxy: weights times gradients, summed'),
        ('proxy_snip', 'Zero-cost proxy: absolute weights times gradients, summed'),
        ('proxy_synflow', 'Zero-cost proxy: logarithm of the flow through all weights'),
        ('proxy_zen', 'Zero-cost proxy: expressivity at random weights')
    ) as meanings (column_name, meaning);

comment on macro table cell_value_meanings is 'Meaning of each column of cell_value';  -- noqa: PRS
