create or replace view meta_nasbench101_4epochs as
from nasbench101_meta_dataset(4);

comment on view meta_nasbench101_4epochs is
'NAS-Bench-101 cells after the separate training of 4 epochs on CIFAR-10';
