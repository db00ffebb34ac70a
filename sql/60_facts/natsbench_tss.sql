-- The topology space of NATS-Bench, release 1.0: counts of trials and the mean from tables that others made of the
-- whole. A fact whose value was not loaded is NULL here, and not asked.
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
        'mean validation accuracy on cifar10-valid after 200 epochs',
        (select whole_mean(valid_accuracy, 15625) from meta_nasbench201_cifar10valid_200epochs),
        0.836869, 5e-7
    )
) as known (fact, found, expected, tolerance)
where (select release = 'NATS-tss-v1.0' from nasbench201_release);
