create table if not exists source (
    source_id usmallint not null,
    benchmark text not null,
    release text,
    published_file text,
    format text not null,
    file_name text not null,
    sha256 text not null,
    bytes ubigint not null,
    records ubigint not null,
    is_surrogate boolean not null,
    mbml_version text not null,
    loaded_at timestamptz not null
);

comment on table source is 'Files that were loaded, one row each';
comment on column source.source_id is 'Number of the source, in order of loading';
comment on column source.benchmark is 'Benchmark that the file belongs to';
comment on column source.release is 'Published release, recognised by content; NULL if it is none of them';
comment on column source.published_file is
'Name of the published file whose checksum it has; NULL if it is none, or a folder';
comment on column source.format is 'Format of the file; of a table also what was said of its columns';
comment on column source.file_name is 'Name of the file or folder, without its path';
comment on column source.sha256 is 'SHA-256 of the file; of the list of file checksums for a folder';
comment on column source.bytes is 'Size of the file or of all files of the folder';
comment on column source.records is 'Records of the file, in the unit of its format';
comment on column source.is_surrogate is 'True if its numbers are invented, not measured';
comment on column source.mbml_version is 'Version of mbml that loaded it';
comment on column source.loaded_at is 'When it was loaded';
