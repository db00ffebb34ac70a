-- Single cells, whose genuine records are the same in NAS-Bench-201 version 1.1 and in NATS-Bench 1.0. A fact whose
-- value was not loaded is NULL here, and not asked.
with tested as (
    -- Cell 11: a mean of all trials, not asked of a table that has the test accuracy of one alone.
    select
        run.dataset,
        case
            when count(epoch_metric.test_accuracy) = count(*)
                then avg(epoch_metric.test_accuracy)
        end as test_accuracy
    from run
    inner join architecture on run.arch_id = architecture.arch_id
    inner join epoch_metric on run.run_id = epoch_metric.run_id
    where
        architecture.benchmark = 'nasbench201'
        and architecture.native_index = 11
        and run.schedule_epochs = 200
        and epoch_metric.epoch = 200
    group by run.dataset
)

select
    known.fact,
    known.found::double as found,
    known.expected::double as expected,
    known.tolerance::double as tolerance
from (
    values
    (
        'validation accuracy of cell 0 on cifar10-valid, 12-epoch schedule',
        (select valid_accuracy from meta_nasbench201_cifar10valid_hp12 where arch_index = 0),
        0.63364, 5e-7
    ),
    (
        'validation accuracy of cell 0 on cifar10-valid after 200 epochs',
        (select valid_accuracy from meta_nasbench201_cifar10valid_200epochs where arch_index = 0),
        0.819827, 5e-7
    ),
    (
        'validation accuracy of cell 0 on cifar10-valid after 4 of 200 epochs',
        (select valid_accuracy from meta_nasbench201_cifar10valid_4epochs where arch_index = 0),
        0.35352, 5e-7
    ),
    (
        'validation accuracy of cell 11 on cifar10-valid after 200 epochs',
        (select valid_accuracy from meta_nasbench201_cifar10valid_200epochs where arch_index = 11),
        0.8794, 5e-5
    ),
    (
        'test accuracy of cell 11 on cifar10-valid after 200 epochs',
        (select test_accuracy from tested where dataset = 'cifar10-valid'),
        0.8765, 5e-5
    ),
    (
        'test accuracy of cell 11 on cifar10 after 200 epochs',
        (select test_accuracy from meta_nasbench201_cifar10_200epochs where arch_index = 11),
        0.915833, 5e-7
    ),
    (
        'validation accuracy of cell 11 on cifar100 after 200 epochs',
        (select valid_accuracy from meta_nasbench201_cifar100_200epochs where arch_index = 11),
        0.674533, 5e-7
    ),
    (
        'test accuracy of cell 11 on cifar100 after 200 epochs',
        (select test_accuracy from tested where dataset = 'cifar100'),
        0.676067, 5e-7
    ),
    (
        'validation accuracy of cell 11 on ImageNet16-120 after 200 epochs',
        (select valid_accuracy from meta_nasbench201_imagenet16_120_200epochs where arch_index = 11),
        0.304111, 5e-7
    ),
    (
        'test accuracy of cell 11 on ImageNet16-120 after 200 epochs',
        (select test_accuracy from meta_nasbench201_imagenet16_120_200epochs where arch_index = 11),
        0.301667, 5e-7
    )
) as known (fact, found, expected, tolerance)
where (select release in ('v1.1', 'NATS-tss-v1.0') from nasbench201_release);
