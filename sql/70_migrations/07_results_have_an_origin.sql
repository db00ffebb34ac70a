-- Fits and searches have a column for their origin, so that results of others can stand beside yours.
alter table results.fit add column origin text;
alter table results.search add column origin text;
