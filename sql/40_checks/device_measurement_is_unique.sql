-- One row for each architecture, data set, device and batch size.
select
    arch_id,
    dataset,
    device,
    batch_size,
    count(*) as measurements
from device_measurement
group by arch_id, dataset, device, batch_size
having count(*) > 1;
