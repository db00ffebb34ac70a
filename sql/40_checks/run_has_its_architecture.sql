-- Every run belongs to a known architecture and a known source.
select
    run.run_id,
    run.arch_id,
    run.source_id
from run
left join architecture on run.arch_id = architecture.arch_id
left join source on run.source_id = source.source_id
where
    architecture.arch_id is null
    or source.source_id is null;
