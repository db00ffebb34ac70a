-- NAS-Bench-201's space, whatever the release: counts from the authors' notebooks and from enumeration, sizes from
-- genuine records. Asked of real sources with more than nine tenths of the cells; a fact whose value was not
-- loaded is NULL here, and not asked.
select
    known.fact,
    known.found::double as found,
    known.expected::double as expected,
    known.tolerance::double as tolerance
from (
    values
    (
        'cells',
        (select count(*) from architecture where benchmark = 'nasbench201'),
        15625, 0
    ),
    (
        'classes by graph_id',
        (select count(distinct graph_id) from architecture where benchmark = 'nasbench201'),
        6466, 0
    ),
    (
        'classes by functional_id',
        (select count(distinct functional_id) from architecture where benchmark = 'nasbench201'),
        4930, 0
    ),
    (
        'fewest FLOPs',
        (
            select case when count(flops) > 0.9 * 15625 then min(flops) end
            from meta_nasbench201_cifar10valid_200epochs
        ),
        7783050, 0
    ),
    (
        'most FLOPs',
        (
            select case when count(flops) > 0.9 * 15625 then max(flops) end
            from meta_nasbench201_cifar10valid_200epochs
        ),
        220119690, 0
    ),
    (
        'parameters of cell 11',
        (select parameters from meta_nasbench201_cifar10valid_200epochs where arch_index = 11),
        802426, 0
    ),
    (
        'FLOPs of cell 11',
        (select flops from meta_nasbench201_cifar10valid_200epochs where arch_index = 11),
        113951370, 0
    )
) as known (fact, found, expected, tolerance)
where (
    (select count(*) from architecture where benchmark = 'nasbench201') > 0.9 * 15625
    and not exists (select 1 from source where benchmark = 'nasbench201' and is_surrogate)
);
