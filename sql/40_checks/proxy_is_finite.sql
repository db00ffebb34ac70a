-- Proxies are finite numbers.
select
    arch_id,
    dataset,
    name,
    value
from proxy
where not isfinite(value);
