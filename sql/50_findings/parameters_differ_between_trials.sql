-- Trials of one network that disagree on its parameters or FLOPs: a known fault of NAS-Bench-201.
select
    arch_id,
    dataset,
    schedule_epochs,
    min(parameters) as fewest_parameters,
    max(parameters) as most_parameters,
    min(flops) as fewest_flops,
    max(flops) as most_flops
from run
group by arch_id, dataset, schedule_epochs
having
    min(parameters) <> max(parameters)
    or min(flops) <> max(flops);
