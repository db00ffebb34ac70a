create or replace view meta_nasbench201_cifar100_4epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 4;

comment on view meta_nasbench201_cifar100_4epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 4 epochs';
