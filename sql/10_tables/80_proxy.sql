create table if not exists proxy (
    arch_id uinteger not null,
    dataset text not null,
    name text not null,
    value double
);

comment on table proxy is 'Zero-cost proxies: scores computed without training';
comment on column proxy.arch_id is 'Architecture';
comment on column proxy.dataset is 'Data set whose images were used';
comment on column proxy.name is 'Name of the proxy';
comment on column proxy.value is 'Its value, in the proxy''s own unit and direction';
