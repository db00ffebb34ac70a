create table if not exists device_measurement (
    arch_id uinteger not null,
    dataset text not null,
    device text not null,
    batch_size usmallint,
    latency_seconds double,
    energy_joules double,
    arithmetic_intensity double,
    source_ids usmallint[] not null
);

comment on table device_measurement is
'Latency and energy of cells on devices; without any value where a device does not support the cell';
comment on column device_measurement.arch_id is 'Architecture';
comment on column device_measurement.dataset is 'Data set whose images the network takes';
comment on column device_measurement.device is 'Device, in small letters, digits and underscores';
comment on column device_measurement.batch_size is 'Images in a batch; NULL where the source does not report it';
comment on column device_measurement.latency_seconds is
'Time of one batch in seconds, converted from milliseconds; NULL where not supported or not measured';
comment on column device_measurement.energy_joules is
'Energy of one batch in joules, converted from millijoules; NULL where not supported or not measured';
comment on column device_measurement.arithmetic_intensity is
'Operations for each unit of data moved, in the unit of its authors; NULL where not measured';
comment on column device_measurement.source_ids is 'Sources that have these values, in order of loading';
