-- Accuracies under attack lie in [0, 1], and the bound of the attack is finite and not negative.
select
    arch_id,
    dataset,
    attack,
    norm,
    epsilon,
    accuracy
from robustness_measurement
where
    accuracy not between 0 and 1
    or not (isfinite(epsilon) and epsilon >= 0);
