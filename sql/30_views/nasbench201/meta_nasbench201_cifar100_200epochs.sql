create or replace view meta_nasbench201_cifar100_200epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 200;

comment on view meta_nasbench201_cifar100_200epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 200 epochs';
