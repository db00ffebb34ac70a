-- Fits with their experiments. The id is one of the exporting warehouse: it leads to scores in the file beside.
select
    fit.fit_id,
    experiment.view_name,
    experiment.target,
    experiment.features,
    experiment.features_version,
    experiment.preset,
    experiment.protocol_version,
    experiment.split,
    experiment.protocol,
    experiment.score,
    experiment.test_view,
    experiment.data_sha256,
    experiment.is_surrogate,
    experiment.rows,
    experiment.left_out,
    fit.predictor,
    fit.train_size,
    fit.seed,
    fit.held_out,
    fit.scored,
    fit.search_seconds,
    fit.fit_seconds,
    fit.predict_seconds,
    fit.parameters,
    fit.warnings,
    fit.libraries,
    fit.finished_at,
    fit.origin
from results.fit
inner join results.experiment on fit.experiment_id = experiment.experiment_id
order by fit.fit_id
