-- An index of the benchmark's own order belongs to one architecture.
select
    benchmark,
    native_index,
    count(*) as architectures
from architecture
where native_index is not null
group by benchmark, native_index
having count(*) > 1;
