-- NAS-Bench-201 version 1.1: counts of trials from the authors' notes and from users who opened the file, means and
-- best cells from notebooks and programs over it (to the digits that they print). A fact whose value was not
-- loaded is NULL here, and not asked: a table of summaries has no trials.
with counted as (
    -- Nothing is counted before nearly all cells have trials.
    select
        count(*) filter (where len(seeds) = 1) as with_one,
        count(*) filter (where len(seeds) = 2) as with_two,
        count(*) filter (where len(seeds) = 3) as with_three,
        count(*) filter (where list_contains(seeds, 888)) as of_seed_888
    from nasbench201_cell_seeds
    where dataset = 'cifar10-valid' and schedule_epochs = 200
    having count(*) > 0.9 * 15625
)

select
    known.fact,
    known.found::double as found,
    known.expected::double as expected,
    known.tolerance::double as tolerance
from (
    values
    (
        'cells with one 200-epoch trial on cifar10-valid',
        (select with_one from counted),
        2225, 0
    ),
    (
        'cells with two',
        (select with_two from counted),
        5439, 0
    ),
    (
        'cells with three',
        (select with_three from counted),
        7961, 0
    ),
    (
        'trials of seed 888: every cell has one',
        (select of_seed_888 from counted),
        15625, 0
    ),
    (
        'training accuracy of cell 0 on cifar10-valid after 4 of 200 epochs',
        (select train_accuracy from meta_nasbench201_cifar10valid_4epochs where arch_index = 0),
        0.44164, 5e-7
    ),
    (
        'training loss of cell 0 on cifar10-valid after 4 of 200 epochs',
        (
            select summary.train_loss
            from cell_metric as summary
            inner join architecture on summary.arch_id = architecture.arch_id
            where
                architecture.benchmark = 'nasbench201'
                and architecture.native_index = 0
                and summary.dataset = 'cifar10-valid'
                and summary.schedule_epochs = 200
                and summary.epoch = 4
        ),
        1.504583, 5e-7
    ),
    (
        'training seconds of cell 0 on cifar10-valid after 4 of 200 epochs',
        (select train_seconds from meta_nasbench201_cifar10valid_4epochs where arch_index = 0),
        28.884372, 5e-7
    ),
    (
        'validation seconds of cell 0 on cifar10-valid after 4 of 200 epochs',
        (
            select summary.valid_seconds
            from cell_metric as summary
            inner join architecture on summary.arch_id = architecture.arch_id
            where
                architecture.benchmark = 'nasbench201'
                and architecture.native_index = 0
                and summary.dataset = 'cifar10-valid'
                and summary.schedule_epochs = 200
                and summary.epoch = 4
        ),
        10.195917, 5e-7
    ),
    (
        'latency of cell 0 on cifar10-valid, seconds',
        (select latency_seconds from meta_nasbench201_cifar10valid_200epochs where arch_index = 0),
        0.013936, 5e-7
    ),
    (
        'validation accuracy of cell 0 on cifar10-valid after 12 of 200 epochs',
        (select valid_accuracy from meta_nasbench201_cifar10valid_12epochs where arch_index = 0),
        0.474733, 5e-7
    ),
    (
        'training seconds of cell 0 on cifar10-valid after 12 of 200 epochs',
        (select train_seconds from meta_nasbench201_cifar10valid_12epochs where arch_index = 0),
        86.653116, 5e-7
    ),
    (
        'validation accuracy of cell 1 on cifar10-valid after 4 of 200 epochs',
        (select valid_accuracy from meta_nasbench201_cifar10valid_4epochs where arch_index = 1),
        0.569227, 5e-7
    ),
    (
        'training seconds of cell 1 on cifar10-valid after 4 of 200 epochs',
        (select train_seconds from meta_nasbench201_cifar10valid_4epochs where arch_index = 1),
        43.392828, 5e-7
    ),
    (
        'mean validation accuracy on cifar10-valid after 4 of 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar10valid_4epochs),
        0.448315, 5e-7
    ),
    (
        'mean training accuracy on cifar10-valid after 12 of 200 epochs',
        (select whole_mean(train_accuracy, 15625) from meta_nasbench201_cifar10valid_12epochs),
        0.6663, 5e-7
    ),
    (
        'mean validation accuracy on cifar10-valid after 12 of 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar10valid_12epochs),
        0.567238, 5e-7
    ),
    (
        'mean training seconds on cifar10-valid after 12 of 200 epochs',
        (select whole_mean(train_seconds, 15625) from meta_nasbench201_cifar10valid_12epochs),
        109.679214, 5e-7
    ),
    (
        'mean validation accuracy on cifar10-valid after 36 of 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar10valid_36epochs),
        0.642525, 5e-7
    ),
    (
        'mean validation accuracy on cifar10-valid after 108 of 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar10valid_108epochs),
        0.724418, 5e-7
    ),
    (
        'mean validation accuracy on cifar10-valid after 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar10valid_200epochs),
        0.836735, 5e-7
    ),
    (
        'mean test accuracy on cifar10-valid after 200 epochs',
        (select whole_mean(test_accuracy, 15625) from meta_nasbench201_cifar10valid_200epochs),
        0.83394, 5e-7
    ),
    (
        'mean validation accuracy on cifar100 after 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar100_200epochs),
        0.612817, 5e-7
    ),
    (
        'mean test accuracy on cifar100 after 200 epochs',
        (select whole_mean(test_accuracy, 15625) from meta_nasbench201_cifar100_200epochs),
        0.613879, 5e-7
    ),
    (
        'mean validation accuracy on ImageNet16-120 after 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_imagenet16_120_200epochs),
        0.337929, 5e-7
    ),
    (
        'mean test accuracy on ImageNet16-120 after 200 epochs',
        (select whole_mean(test_accuracy, 15625) from meta_nasbench201_imagenet16_120_200epochs),
        0.335683, 5e-7
    ),
    (
        'mean FLOPs on cifar10-valid',
        (select whole_mean(flops, 15625) from meta_nasbench201_cifar10valid_200epochs),
        54896534, 0.5
    ),
    (
        'mean latency on cifar10-valid, seconds',
        (select whole_mean(latency_seconds, 15625) from meta_nasbench201_cifar10valid_200epochs),
        0.015934, 5e-7
    ),
    (
        'best cell by validation accuracy on cifar10-valid',
        (
            select case when count(valid_accuracy) > 0.9 * 15625 then arg_max(arch_index, valid_accuracy) end
            from meta_nasbench201_cifar10valid_200epochs
        ),
        6111, 0
    ),
    (
        'its validation accuracy',
        (
            select case when count(valid_accuracy) > 0.9 * 15625 then max(valid_accuracy) end
            from meta_nasbench201_cifar10valid_200epochs
        ),
        0.916067, 5e-7
    ),
    (
        'best cell by test accuracy on cifar10-valid',
        (
            select case when count(test_accuracy) > 0.9 * 15625 then arg_max(arch_index, test_accuracy) end
            from meta_nasbench201_cifar10valid_200epochs
        ),
        1459, 0
    ),
    (
        'its test accuracy',
        (
            select case when count(test_accuracy) > 0.9 * 15625 then max(test_accuracy) end
            from meta_nasbench201_cifar10valid_200epochs
        ),
        0.915233, 5e-7
    ),
    (
        'best cell by validation accuracy on cifar10-valid, 12-epoch schedule',
        (
            select case when count(valid_accuracy) > 0.9 * 15625 then arg_max(arch_index, valid_accuracy) end
            from meta_nasbench201_cifar10valid_hp12
        ),
        13714, 0
    ),
    (
        'best cell by validation accuracy on cifar100',
        (
            select case when count(valid_accuracy) > 0.9 * 15625 then arg_max(arch_index, valid_accuracy) end
            from meta_nasbench201_cifar100_200epochs
        ),
        9930, 0
    ),
    (
        'its validation accuracy on cifar100',
        (
            select case when count(valid_accuracy) > 0.9 * 15625 then max(valid_accuracy) end
            from meta_nasbench201_cifar100_200epochs
        ),
        0.734933, 5e-7
    ),
    (
        'its test accuracy on cifar100, the best too',
        (
            select case when count(test_accuracy) > 0.9 * 15625 then max(test_accuracy) end
            from meta_nasbench201_cifar100_200epochs
        ),
        0.735133, 5e-7
    ),
    (
        'best cell by validation accuracy on ImageNet16-120',
        (
            select case when count(valid_accuracy) > 0.9 * 15625 then arg_max(arch_index, valid_accuracy) end
            from meta_nasbench201_imagenet16_120_200epochs
        ),
        10676, 0
    ),
    (
        'its validation accuracy on ImageNet16-120',
        (
            select case when count(valid_accuracy) > 0.9 * 15625 then max(valid_accuracy) end
            from meta_nasbench201_imagenet16_120_200epochs
        ),
        0.467333, 5e-7
    ),
    (
        'best cell by test accuracy on ImageNet16-120',
        (
            select case when count(test_accuracy) > 0.9 * 15625 then arg_max(arch_index, test_accuracy) end
            from meta_nasbench201_imagenet16_120_200epochs
        ),
        857, 0
    ),
    (
        'its test accuracy on ImageNet16-120',
        (
            select case when count(test_accuracy) > 0.9 * 15625 then max(test_accuracy) end
            from meta_nasbench201_imagenet16_120_200epochs
        ),
        0.473111, 5e-7
    )
) as known (fact, found, expected, tolerance)
where (select release = 'v1.1' from nasbench201_release);
