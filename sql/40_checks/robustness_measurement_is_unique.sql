-- One row for each architecture, data set, attack, norm and epsilon.
select
    arch_id,
    dataset,
    attack,
    norm,
    epsilon,
    count(*) as measurements
from robustness_measurement
group by arch_id, dataset, attack, norm, epsilon
having count(*) > 1;
