-- Scores of fits.
select
    fit_id,
    metric,
    value
from results.score
order by fit_id, rowid
