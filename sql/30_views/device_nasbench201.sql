-- Latency and energy of NAS-Bench-201 cells on devices: a row a cell, a column a device and metric.
create or replace view device_nasbench201_cifar10 as
from nasbench201_devices('cifar10');

comment on view device_nasbench201_cifar10 is
'NAS-Bench-201 cells on devices, with images of CIFAR-10: latency and energy, a column a device; NULL where not measured';

create or replace view device_nasbench201_cifar100 as
from nasbench201_devices('cifar100');

comment on view device_nasbench201_cifar100 is
'NAS-Bench-201 cells on devices, with images of CIFAR-100: latency and energy, a column a device; NULL where not measured';

create or replace view device_nasbench201_imagenet16_120 as
from nasbench201_devices('ImageNet16-120');

comment on view device_nasbench201_imagenet16_120 is
'NAS-Bench-201 cells on devices, with images of ImageNet16-120: latency and energy, a column a device; NULL where not measured';
