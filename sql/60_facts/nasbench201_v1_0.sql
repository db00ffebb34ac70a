-- NAS-Bench-201 version 1.0: counts of trials from the authors' notes. A fact whose value was not loaded is NULL
-- here, and not asked.
with counted as (
    -- Nothing is counted before nearly all cells have trials.
    select
        count(*) filter (where len(seeds) = 1) as with_one,
        count(*) filter (where len(seeds) = 2) as with_two,
        count(*) filter (where len(seeds) = 3) as with_three
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
        6219, 0
    ),
    (
        'cells with two',
        (select with_two from counted),
        1621, 0
    ),
    (
        'cells with three',
        (select with_three from counted),
        7785, 0
    )
) as known (fact, found, expected, tolerance)
where (select release = 'v1.0' from nasbench201_release);
