create table if not exists robustness_measurement (
    arch_id uinteger not null,
    dataset text not null,
    attack text not null,
    norm text not null,
    epsilon double not null,
    accuracy double not null,
    source_ids usmallint[] not null
);

comment on table robustness_measurement is 'Accuracy of trained cells on images that an attack has changed';
comment on column robustness_measurement.arch_id is 'Architecture';
comment on column robustness_measurement.dataset is 'Data set of the images';
comment on column robustness_measurement.attack is 'Attack, in small letters, digits and underscores';
comment on column robustness_measurement.norm is 'Norm that bounds the change of an image: Linf or L2';
comment on column robustness_measurement.epsilon is
'Bound of the change, as the source writes it; of Linf in the published file in 1/255 of the range of a pixel';
comment on column robustness_measurement.accuracy is
'Top-1 accuracy under the attack, a fraction, converted from percent';
comment on column robustness_measurement.source_ids is 'Sources that have this value, in order of loading';
