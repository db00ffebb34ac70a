-- Searches of architectures that satisfy a condition stand beside those of all.
alter table results.search add column condition text default '';
alter table results.search alter column condition drop default;
