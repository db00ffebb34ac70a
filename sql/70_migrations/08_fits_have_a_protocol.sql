-- Fits name their protocol and what they were scored against: those so far held training rows out.
alter table results.experiment rename to experiment_before;
create table results.experiment (
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
insert into results.experiment by name
select
    *,
    'held_out' as protocol,
    target as score,
    view_name as test_view
from results.experiment_before
order by experiment_id;
drop table results.experiment_before;
comment on table results.experiment is 'What fits were made on';

alter table results.fit rename to fit_before;
create table results.fit (
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
insert into results.fit by name
select
    *,
    held_out as scored
from results.fit_before
order by fit_id;
drop table results.fit_before;
comment on table results.fit is 'Predictors that were trained on one split';
