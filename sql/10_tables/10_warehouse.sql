-- One row: what this file is. The version changes when a table changes its shape.
create table if not exists warehouse (
    schema_version usmallint not null,
    definitions_sha256 text not null,
    mbml_version text not null,
    created_at timestamptz not null
);

comment on table warehouse is 'This warehouse itself: one row';
comment on column warehouse.schema_version is 'Version of the tables; another version is refused';
comment on column warehouse.definitions_sha256 is
'SHA-256 of the macros and views in force, which are applied again when their text changes';
comment on column warehouse.mbml_version is 'Version of mbml that made the file';
comment on column warehouse.created_at is 'When the file was made';
