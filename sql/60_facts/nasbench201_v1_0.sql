-- NAS-Bench-201 version 1.0: counts of trials from the authors' notes. A fact whose value was not loaded is NULL
-- here, and not asked.
select
    known.fact,
    known.found::double as found,
    known.expected::double as expected,
    known.tolerance::double as tolerance
from (
    values
    (
        'cells with one 200-epoch trial on cifar10-valid',
        (
            with trained as (
                select count(*) as trials
                from run
                inner join architecture on run.arch_id = architecture.arch_id
                where
                    architecture.benchmark = 'nasbench201'
                    and run.dataset = 'cifar10-valid'
                    and run.schedule_epochs = 200
                    and run.trial > 0
                group by run.arch_id
            )

            select case when count(*) > 0.9 * 15625 then count(*) filter (where trials = 1) end
            from trained
        ),
        6219, 0
    ),
    (
        'cells with two',
        (
            with trained as (
                select count(*) as trials
                from run
                inner join architecture on run.arch_id = architecture.arch_id
                where
                    architecture.benchmark = 'nasbench201'
                    and run.dataset = 'cifar10-valid'
                    and run.schedule_epochs = 200
                    and run.trial > 0
                group by run.arch_id
            )

            select case when count(*) > 0.9 * 15625 then count(*) filter (where trials = 2) end
            from trained
        ),
        1621, 0
    ),
    (
        'cells with three',
        (
            with trained as (
                select count(*) as trials
                from run
                inner join architecture on run.arch_id = architecture.arch_id
                where
                    architecture.benchmark = 'nasbench201'
                    and run.dataset = 'cifar10-valid'
                    and run.schedule_epochs = 200
                    and run.trial > 0
                group by run.arch_id
            )

            select case when count(*) > 0.9 * 15625 then count(*) filter (where trials = 3) end
            from trained
        ),
        7785, 0
    )
) as known (fact, found, expected, tolerance)
where (select release = 'v1.0' from nasbench201_release);
