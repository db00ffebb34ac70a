create or replace view meta_nasbench201_cifar100_36epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 36;

comment on view meta_nasbench201_cifar100_36epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 36 epochs';
