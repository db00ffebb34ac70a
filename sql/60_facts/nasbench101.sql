-- NAS-Bench-101 as published, means of the three repeats. From the paper (the space, the best cell) and from
-- notebooks over the published file (six decimals); of NAS-Bench-1Shot1 from all choices of parents, and from
-- the graphs that its authors' generator lists. Asked of real sources with more than nine tenths of the
-- cells; a fact whose value was not loaded is NULL here, and not asked.
select
    known.fact,
    known.found::double as found,
    known.expected::double as expected,
    known.tolerance::double as tolerance
from (
    values
    ('cells', (select count(*) from architecture where benchmark = 'nasbench101'), 423624, 0),
    (
        'cells of NAS-Bench-1Shot1 S1',
        (select count(*) from meta_nasbench101_1shot1_s1_108epochs),
        2685, 0
    ),
    (
        'cells of NAS-Bench-1Shot1 S1 that its authors list',
        (select count(*) from meta_nasbench101_1shot1_s1_108epochs where listed_by_authors),
        2127, 0
    ),
    (
        'cells of NAS-Bench-1Shot1 S2',
        (select count(*) from meta_nasbench101_1shot1_s2_108epochs),
        7773, 0
    ),
    (
        'cells of NAS-Bench-1Shot1 S2 that its authors list',
        (select count(*) from meta_nasbench101_1shot1_s2_108epochs where listed_by_authors),
        3258, 0
    ),
    (
        'cells of NAS-Bench-1Shot1 S3',
        (select count(*) from meta_nasbench101_1shot1_s3_108epochs),
        55854, 0
    ),
    (
        'cells of NAS-Bench-1Shot1 S3 that its authors list',
        (select count(*) from meta_nasbench101_1shot1_s3_108epochs where listed_by_authors),
        17940, 0
    ),
    (
        'fewest parameters',
        (select min(parameters) from meta_nasbench101_108epochs),
        227274, 0
    ),
    (
        'most parameters',
        (select max(parameters) from meta_nasbench101_108epochs),
        49979274, 0
    ),
    (
        'mean of conv_num_layers',
        (select avg(conv_num_layers) from meta_nasbench101_108epochs),
        3.227622, 5e-7
    ),
    (
        'mean of conv_kernel_mode',
        (select avg(conv_kernel_mode) from meta_nasbench101_108epochs),
        1.781755, 5e-7
    ),
    (
        'mean of maxpool_num_layers',
        (select avg(maxpool_num_layers) from meta_nasbench101_108epochs),
        1.613811, 5e-7
    ),
    (
        'mean validation accuracy after 4 epochs',
        (select whole_mean(valid_accuracy, 423624) from meta_nasbench101_4epochs),
        0.278572, 5e-7
    ),
    (
        'mean validation accuracy after 12 epochs',
        (select whole_mean(valid_accuracy, 423624) from meta_nasbench101_12epochs),
        0.527052, 5e-7
    ),
    (
        'mean validation accuracy after 36 epochs',
        (select whole_mean(valid_accuracy, 423624) from meta_nasbench101_36epochs),
        0.841990, 5e-7
    ),
    (
        'mean validation accuracy after 108 epochs',
        (select whole_mean(valid_accuracy, 423624) from meta_nasbench101_108epochs),
        0.902434, 5e-7
    ),
    (
        'mean test accuracy after 4 epochs',
        (select whole_mean(test_accuracy, 423624) from meta_nasbench101_4epochs),
        0.276598, 5e-7
    ),
    (
        'mean test accuracy after 12 epochs',
        (select whole_mean(test_accuracy, 423624) from meta_nasbench101_12epochs),
        0.524233, 5e-7
    ),
    (
        'mean test accuracy after 36 epochs',
        (select whole_mean(test_accuracy, 423624) from meta_nasbench101_36epochs),
        0.835047, 5e-7
    ),
    (
        'mean test accuracy after 108 epochs',
        (select whole_mean(test_accuracy, 423624) from meta_nasbench101_108epochs),
        0.896798, 5e-7
    ),
    (
        'mean training accuracy after 4 epochs',
        (select whole_mean(train_accuracy, 423624) from meta_nasbench101_4epochs),
        0.278090, 5e-7
    ),
    (
        'mean training seconds after 4 epochs',
        (select whole_mean(train_seconds, 423624) from meta_nasbench101_4epochs),
        89.476444, 5e-7
    ),
    (
        'mean training seconds half-way to 4 epochs',
        (select whole_mean(halfway_train_seconds, 423624) from meta_nasbench101_4epochs),
        44.737987, 5e-7
    ),
    (
        'best test accuracy after 108 epochs, to four digits',
        (select round(max(test_accuracy), 4) from meta_nasbench101_108epochs),
        0.9432, 0
    ),
    (
        'cells better than 02e5a0247bbdcf2860b7e96f74961594 by test accuracy',
        (
            select count(*) filter (where cell.test_accuracy > best.test_accuracy)
            from meta_nasbench101_108epochs as cell, meta_nasbench101_108epochs as best
            where best.arch_key = '02e5a0247bbdcf2860b7e96f74961594'
        ),
        0, 0
    ),
    (
        'validation accuracy of 00005c142e6f48ac74fdcf73e3439874 after 4 epochs',
        (
            select valid_accuracy from meta_nasbench101_4epochs
            where arch_key = '00005c142e6f48ac74fdcf73e3439874' and trials = 3
        ),
        0.342481, 5e-7
    ),
    (
        'test accuracy of 00005c142e6f48ac74fdcf73e3439874 after 4 epochs',
        (
            select test_accuracy from meta_nasbench101_4epochs
            where arch_key = '00005c142e6f48ac74fdcf73e3439874'
        ),
        0.340745, 5e-7
    ),
    (
        'validation accuracy of 00005c142e6f48ac74fdcf73e3439874 half-way to 108 epochs',
        (
            select halfway_valid_accuracy from meta_nasbench101_108epochs
            where arch_key = '00005c142e6f48ac74fdcf73e3439874'
        ),
        0.806123, 5e-7
    ),
    (
        'test accuracy of 00005c142e6f48ac74fdcf73e3439874 after 108 epochs',
        (
            select test_accuracy from meta_nasbench101_108epochs
            where arch_key = '00005c142e6f48ac74fdcf73e3439874'
        ),
        0.920606, 5e-7
    ),
    (
        'test accuracy of 0000718c96730a92ea6d5242f8ce77e2 after 108 epochs',
        (
            select test_accuracy from meta_nasbench101_108epochs
            where arch_key = '0000718c96730a92ea6d5242f8ce77e2'
        ),
        0.886452, 5e-7
    ),
    (
        'test accuracy of 0000cb5372fad9d62c470df699ac6d52 after 108 epochs',
        (
            select test_accuracy from meta_nasbench101_108epochs
            where arch_key = '0000cb5372fad9d62c470df699ac6d52'
        ),
        0.922643, 5e-7
    ),
    (
        'test accuracy of 0000fa05697179112aaf69c2f0a51a0f after 108 epochs',
        (
            select test_accuracy from meta_nasbench101_108epochs
            where arch_key = '0000fa05697179112aaf69c2f0a51a0f'
        ),
        0.905148, 5e-7
    )
) as known (fact, found, expected, tolerance)
where
    (select count(*) from architecture where benchmark = 'nasbench101') > 0.9 * 423624
    and not exists (select 1 from source where benchmark = 'nasbench101' and is_surrogate);
