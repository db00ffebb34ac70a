-- Names of benchmarks, data sets and operations become texts, so that plug-ins can add some; their old types
-- stay, because views and macros of yours may name them.
alter table source alter benchmark type text;
alter table architecture alter benchmark type text;
alter table op alter op type text;
alter table run alter dataset type text;
alter table cell_metric alter dataset type text;
alter table proxy alter dataset type text;
alter table if exists mbml_definition add column benchmark text;
alter table if exists mbml_definition add column package text;
