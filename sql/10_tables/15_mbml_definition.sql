-- Views and macros that mbml made, for itself or for a plug-in's benchmark. These it replaces or drops; all
-- others are the user's.
create table if not exists mbml_definition (
    kind text not null,
    name text not null,
    definitions_sha256 text not null,
    benchmark text,
    package text
);

comment on table mbml_definition is
'Views and macros that mbml made, which it replaces or drops; all others are yours';
comment on column mbml_definition.kind is 'view, macro or table macro';
comment on column mbml_definition.name is 'Name of the view or macro';
comment on column mbml_definition.definitions_sha256 is
'SHA-256 of the macros and views that it was made with';
comment on column mbml_definition.benchmark is 'Benchmark of a plug-in that it belongs to; NULL for mbml''s own';
comment on column mbml_definition.package is 'Package of that plug-in, with its version; NULL for mbml''s own';
