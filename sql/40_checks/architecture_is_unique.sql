-- One row for each architecture, by id and by the benchmark's own key.
select
    benchmark,
    native_key,
    count(*) as rows_found
from architecture
group by benchmark, native_key
having count(*) > 1
union all
select
    min(benchmark) as benchmark,
    min(native_key) as native_key,
    count(*) as rows_found
from architecture
group by arch_id
having count(*) > 1;
