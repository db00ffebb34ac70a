create or replace view meta_nasbench101_108epochs as
from nasbench101_meta_dataset(108);

comment on view meta_nasbench101_108epochs is
'NAS-Bench-101 cells after the separate training of 108 epochs on CIFAR-10';
