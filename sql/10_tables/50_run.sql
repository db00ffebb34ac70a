create table if not exists run (
    run_id uinteger not null,
    arch_id uinteger not null,
    dataset text not null,
    schedule_epochs usmallint not null,
    trial usmallint not null,
    parameters uinteger,
    flops ubigint,
    latency_seconds double,
    total_seconds double,
    seconds_are_measured boolean,
    source_id usmallint not null
);

comment on table run is 'Trainings of an architecture, one row each';
comment on column run.run_id is 'Id in this warehouse';
comment on column run.arch_id is 'Architecture that was trained';
comment on column run.dataset is 'Data set it was trained on';
comment on column run.schedule_epochs is 'Length of the training schedule, in epochs';
comment on column run.trial is
'Seed (NAS-Bench-201, NATS-Bench), order of arrival from 1 (NAS-Bench-101), or 0: one summary value';
comment on column run.parameters is 'Trainable parameters of the network';
comment on column run.flops is 'Floating-point operations for one image, as the benchmark counts them';
comment on column run.latency_seconds is 'Measured latency of one batch, in seconds';
comment on column run.total_seconds is 'Whole time of the run with its evaluations, in seconds';
comment on column run.seconds_are_measured is
'False if the benchmark derived the times from other runs; NULL if there are none';
comment on column run.source_id is 'Source that brought the run first';
