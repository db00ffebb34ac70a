-- Searches. The id is one of the exporting warehouse: it leads to steps in the file beside.
select
    search_id,
    view_name,
    target,
    strategy,
    strategy_version,
    settings,
    features,
    objectives,
    condition,
    unit,
    budget,
    one_trial,
    equivalents_once,
    data_sha256,
    is_surrogate,
    candidates,
    left_out,
    seed,
    seconds,
    mbml_version,
    finished_at,
    origin
from results.search
order by search_id
