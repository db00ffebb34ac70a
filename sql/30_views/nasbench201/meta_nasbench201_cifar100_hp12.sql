create or replace view meta_nasbench201_cifar100_hp12 as
from nasbench201_meta_dataset('cifar100', 12)
where epoch = 12;

comment on view meta_nasbench201_cifar100_hp12 is
'NAS-Bench-201 cells trained on CIFAR-100: the separate 12-epoch schedule, after its last epoch';
