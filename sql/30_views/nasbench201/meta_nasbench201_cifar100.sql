create or replace view meta_nasbench201_cifar100 as
from nasbench201_meta_dataset('cifar100', 200)
where epoch in (1, 4, 12, 36, 200);

comment on view meta_nasbench201_cifar100 is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 1, 4, 12, 36 and 200 epochs';
