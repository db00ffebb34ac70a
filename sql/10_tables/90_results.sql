-- What was computed from the views. Kept through every load: architectures keep their ids for good.
create schema if not exists results;

create table if not exists results.experiment (
    experiment_id uinteger primary key,
    view_name text not null,
    target text not null,
    features text not null,
    features_version text not null,
    preset text not null,
    protocol_version usmallint not null,
    split text not null,
    protocol text not null,
    score text not null,
    test_view text not null,
    data_sha256 text not null,
    is_surrogate boolean not null,
    rows uinteger not null,
    left_out uinteger not null,
    unique (
        view_name, target, features, features_version, preset, protocol_version, split, protocol, score,
        test_view, data_sha256
    )
);

comment on table results.experiment is
'What fits were made on: a view, a target, features, a way to tune and to split, and the very data';
comment on column results.experiment.experiment_id is 'Id in this warehouse';
comment on column results.experiment.view_name is 'View of the meta-dataset';
comment on column results.experiment.target is 'Outcome that was predicted; valid_accuracy of a cifar10 view is that of the cifar10valid view';
comment on column results.experiment.features is 'Feature set';
comment on column results.experiment.features_version is
'Version of the feature set: another one when a column changes its meaning';
comment on column results.experiment.preset is
'How predictors were set: published (tuned as in the publication) or fixed (the registry''s settings)';
comment on column results.experiment.protocol_version is
'Version of the way fits are made and scored: results of another one are not taken as done';
comment on column results.experiment.split is 'How held-out rows were kept apart from training rows';
comment on column results.experiment.protocol is
'What was learned and which rows were scored: held_out, pinat or nnformer; scores of two protocols are not comparable';
comment on column results.experiment.score is 'Outcome that predictions were scored against; mostly the target';
comment on column results.experiment.test_view is 'View that they were scored on; mostly view_name';
comment on column results.experiment.data_sha256 is
'SHA-256 of keys, features, target and accuracies: results on data that changed since are not taken as done';
comment on column results.experiment.is_surrogate is
'True if any source of the benchmark held invented numbers';
comment on column results.experiment.rows is 'Rows with the target and all features';
comment on column results.experiment.left_out is 'Rows of the view without the target or a feature';

create table if not exists results.fit (
    fit_id uinteger primary key,
    experiment_id uinteger not null,
    predictor text not null,
    train_size uinteger not null,
    seed uinteger not null,
    held_out uinteger not null,
    scored uinteger not null,
    search_seconds double not null,
    fit_seconds double not null,
    predict_seconds double not null,
    parameters text not null,
    warnings text not null,
    libraries text not null,
    finished_at timestamptz not null,
    origin text,
    unique (experiment_id, predictor, train_size, seed)
);

comment on table results.fit is 'Predictors that were trained on one split and scored as their protocol says';
comment on column results.fit.fit_id is 'Id in this warehouse';
comment on column results.fit.experiment_id is 'Experiment that it belongs to';
comment on column results.fit.predictor is 'Name of the predictor';
comment on column results.fit.train_size is 'Architectures it was trained on';
comment on column results.fit.seed is 'Seed of the split, of the tuning and of the predictor';
comment on column results.fit.held_out is 'Architectures that it was not trained on, of those of the split';
comment on column results.fit.scored is
'Architectures it was scored on: those held out, or all where the protocol scores training rows too';
comment on column results.fit.search_seconds is
'Seconds of the search for parameters; 0 where nothing was searched';
comment on column results.fit.fit_seconds is 'Seconds of the one fit on all training rows, without the search';
comment on column results.fit.predict_seconds is 'Seconds of predicting all scored rows';
comment on column results.fit.parameters is
'JSON object: the parameters that the search chose; empty where nothing was searched';
comment on column results.fit.warnings is 'JSON object: names of warnings, each with how often it came';
comment on column results.fit.libraries is 'JSON object: versions of the libraries that computed it';
comment on column results.fit.finished_at is 'When it was written';
comment on column results.fit.origin is
'Warehouse that it was computed in, as its owner named it; NULL for this one';

create table if not exists results.score (
    fit_id uinteger not null,
    metric text not null,
    value double,
    primary key (fit_id, metric)
);

comment on table results.score is 'Scores of fits, of accuracies as fractions';
comment on column results.score.fit_id is 'Fit';
comment on column results.score.metric is 'Name of the score';
comment on column results.score.value is 'Its value; NULL where it is not defined, as for constant predictions';
