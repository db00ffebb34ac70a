-- Steps of searches; cells have their keys of the benchmark in place of ids.
select
    step.search_id,
    step.step,
    cell.benchmark,
    cell.native_key as cell,
    step.epoch,
    step.value,
    step.cost_queries,
    step.cost_epochs,
    step.cost_seconds,
    step.spent_queries,
    step.spent_epochs,
    step.spent_seconds,
    incumbent.native_key as incumbent,
    step.incumbent_value,
    step.raw_valid_accuracy,
    step.raw_test_accuracy,
    chosen.native_key as chosen,
    step.chosen_valid_accuracy,
    step.chosen_test_accuracy,
    step.oracle_test_accuracy
from results.search_step as step
inner join architecture as cell on step.arch_id = cell.arch_id
left join architecture as incumbent on step.incumbent_arch_id = incumbent.arch_id
left join architecture as chosen on step.chosen_arch_id = chosen.arch_id
order by step.search_id, step.step
