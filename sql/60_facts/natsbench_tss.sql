-- The topology space of NATS-Bench, release 1.0: single cells from genuine records, counts of trials and the mean
-- from tables that others made of the whole. A fact whose value was not loaded is NULL here, and not asked; a mean
-- of three trials is not asked of a table that has the test accuracy of one alone.
with counted as (
    -- Nothing is counted before nearly all cells have trials.
    select
        count(*) filter (where list_contains(seeds, 777)) as of_seed_777,
        count(*) filter (where list_contains(seeds, 888)) as of_seed_888,
        count(*) filter (where list_contains(seeds, 999)) as of_seed_999
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
        'trials of seed 777: every cell has one',
        (select of_seed_777 from counted),
        15625, 0
    ),
    (
        'trials of seed 888: every cell has one',
        (select of_seed_888 from counted),
        15625, 0
    ),
    (
        'trials of seed 999',
        (select of_seed_999 from counted),
        8169, 0
    ),
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
        (
            select
                case
                    when count(epoch_metric.test_accuracy) = count(*)
                        then avg(epoch_metric.test_accuracy)
                end
            from run
            inner join architecture on run.arch_id = architecture.arch_id
            inner join epoch_metric on run.run_id = epoch_metric.run_id
            where
                architecture.benchmark = 'nasbench201'
                and architecture.native_index = 11
                and run.dataset = 'cifar10-valid'
                and run.schedule_epochs = 200
                and epoch_metric.epoch = 200
        ),
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
        (
            select
                case
                    when count(epoch_metric.test_accuracy) = count(*)
                        then avg(epoch_metric.test_accuracy)
                end
            from run
            inner join architecture on run.arch_id = architecture.arch_id
            inner join epoch_metric on run.run_id = epoch_metric.run_id
            where
                architecture.benchmark = 'nasbench201'
                and architecture.native_index = 11
                and run.dataset = 'cifar100'
                and run.schedule_epochs = 200
                and epoch_metric.epoch = 200
        ),
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
    ),
    (
        'mean validation accuracy on cifar10-valid after 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar10valid_200epochs),
        0.836869, 5e-7
    )
) as known (fact, found, expected, tolerance)
where (select release = 'NATS-tss-v1.0' from nasbench201_release);
