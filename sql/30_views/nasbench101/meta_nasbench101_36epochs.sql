create or replace view meta_nasbench101_36epochs as
from nasbench101_meta_dataset(36);

comment on view meta_nasbench101_36epochs is
'NAS-Bench-101 cells after the separate training of 36 epochs on CIFAR-10';
