-- Searches and their queries. Kept through every load: architectures keep their ids for good.
create schema if not exists results;

create table if not exists results.search (
    search_id uinteger primary key,
    view_name text not null,
    target text not null,
    strategy text not null,
    strategy_version usmallint not null,
    settings text not null,
    features text not null,
    objectives text not null,
    unit text not null,
    budget double not null,
    one_trial boolean not null,
    equivalents_once boolean not null,
    data_sha256 text not null,
    is_surrogate boolean not null,
    candidates uinteger not null,
    left_out uinteger not null,
    seed uinteger not null,
    seconds double not null,
    mbml_version text not null,
    finished_at timestamptz not null,
    origin text,
    condition text
);

comment on table results.search is 'Searches that ran to their end, one row for each seed';
comment on column results.search.search_id is 'Id in this warehouse';
comment on column results.search.view_name is 'View that was searched';
comment on column results.search.target is 'Outcome that a query returned; valid_accuracy of a cifar10 view is that of the cifar10valid view';
comment on column results.search.strategy is 'Name of the strategy';
comment on column results.search.strategy_version is
'Version of the strategy: results of another one are not taken as done';
comment on column results.search.settings is 'JSON object: the strategy''s settings, NULL where it chose them itself';
comment on column results.search.features is 'Feature set that the strategy worked with; empty if none';
comment on column results.search.objectives is
'Columns, joined by commas, that were to be small beside a high target; empty if none';
comment on column results.search.condition is
'SQL condition that the architectures satisfied; empty if none';
comment on column results.search.unit is 'What the budget counts: queries, epochs or seconds';
comment on column results.search.budget is 'What the search could spend, in that unit';
comment on column results.search.one_trial is
'True if a query returned one trial, drawn by the seed; false if the mean of the trials';
comment on column results.search.equivalents_once is
'True if cells that compute the same function as a trained one cost nothing and gave its result';
comment on column results.search.data_sha256 is
'SHA-256 of outcomes, seconds and objectives: results on data that changed since are not taken as done';
comment on column results.search.is_surrogate is
'True if any source of the benchmark held invented numbers';
comment on column results.search.candidates is 'Architectures that could be asked for';
comment on column results.search.left_out is 'Rows of the view without the target or a feature';
comment on column results.search.seed is 'Seed of all random numbers of the search';
comment on column results.search.seconds is 'Seconds that the search itself took';
comment on column results.search.mbml_version is 'Version of mbml that ran it';
comment on column results.search.finished_at is 'When it was written';
comment on column results.search.origin is
'Warehouse that it ran in, as its owner named it; NULL for this one';

create table if not exists results.search_step (
    search_id uinteger not null,
    step uinteger not null,
    arch_id uinteger not null,
    epoch usmallint not null,
    value double not null,
    cost_queries double not null,
    cost_epochs double not null,
    cost_seconds double,
    spent_queries double not null,
    spent_epochs double not null,
    spent_seconds double,
    incumbent_arch_id uinteger,
    incumbent_value double,
    chosen_valid_accuracy double,
    chosen_test_accuracy double,
    oracle_test_accuracy double,
    raw_valid_accuracy double,
    raw_test_accuracy double,
    chosen_arch_id uinteger,
    primary key (search_id, step)
);

comment on table results.search_step is 'Queries of searches in their order, and where the search stood after each';
comment on column results.search_step.search_id is 'Search';
comment on column results.search_step.step is 'Number of the query, from 1';
comment on column results.search_step.arch_id is 'Architecture that was asked for';
comment on column results.search_step.epoch is
'Epoch after which it was looked at; the same architecture and epoch once more is a second trial';
comment on column results.search_step.value is 'The target then, as a fraction: what the strategy received';
comment on column results.search_step.cost_queries is
'Price of the query in trainings to the view''s epoch; a shorter one counts as its share of these epochs';
comment on column results.search_step.cost_epochs is 'Price of the query in epochs trained';
comment on column results.search_step.cost_seconds is
'Price of the query in recorded seconds of training; NULL where not recorded';
comment on column results.search_step.spent_queries is 'Sum of cost_queries so far';
comment on column results.search_step.spent_epochs is 'Sum of cost_epochs so far';
comment on column results.search_step.spent_seconds is 'Sum of cost_seconds so far; NULL where one is not recorded';
comment on column results.search_step.incumbent_arch_id is
'The best by the target among those trained to the view''s epoch, second trials apart; NULL before there is one';
comment on column results.search_step.incumbent_value is 'Its target, as a fraction';
comment on column results.search_step.raw_valid_accuracy is
'Its validation accuracy in the view (cifar10: in the cifar10valid view), mean over trials, a fraction';
comment on column results.search_step.raw_test_accuracy is
'Its test accuracy in the view, mean over trials, a fraction';
comment on column results.search_step.chosen_arch_id is
'What the search hands over if it ends here: by its strategy, or else the incumbent';
comment on column results.search_step.chosen_valid_accuracy is
'Validation accuracy of what it hands over, as raw_valid_accuracy';
comment on column results.search_step.chosen_test_accuracy is
'Test accuracy of what it hands over, as raw_test_accuracy';
comment on column results.search_step.oracle_test_accuracy is
'The best test accuracy among those trained to the view''s epoch, which no search can know, a fraction';
