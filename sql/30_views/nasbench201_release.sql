-- Files say which release they are (told by content, see `source.release`). A table over the whole space is told
-- by what it holds: NATS-Bench has a trial of seed 777 for every cell, version 1.1 has not; summaries are held to
-- be of the release whose mean validation accuracy on cifar10-valid is nearer (.836735 or .836869).
create or replace view nasbench201_release as
with trained as (
    select
        whole_mean(valid_accuracy, 15625) as mean_accuracy,
        coalesce(bool_or(trials is null), false) as is_summary
    from meta_nasbench201_cifar10valid_200epochs
),

first_seed as (
    select count(*) as cells
    from nasbench201_cell_seeds
    where
        dataset = 'cifar10-valid'
        and schedule_epochs = 200
        and list_contains(seeds, 777)
),

said as (
    select
        bool_or(is_surrogate) as is_surrogate,
        max(release) as release
    from source
    where benchmark = 'nasbench201'
)

select
    case
        when said.is_surrogate then 'surrogate'
        when said.release is not null then said.release
        when trained.mean_accuracy is null then null
        when trained.is_summary and trained.mean_accuracy < 0.836802 then 'v1.1'
        when not trained.is_summary and first_seed.cells < 14000 then 'v1.1'
        else 'NATS-tss-v1.0'
    end as release
from said, trained, first_seed;

comment on view nasbench201_release is
'The release that the loaded NAS-Bench-201 values are of: one row, NULL if they do not tell';
