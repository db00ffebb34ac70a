create or replace view meta_nasbench101_12epochs as
from nasbench101_meta_dataset(12);

comment on view meta_nasbench101_12epochs is
'NAS-Bench-101 cells after the separate training of 12 epochs on CIFAR-10';
