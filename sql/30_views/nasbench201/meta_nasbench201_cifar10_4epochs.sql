create or replace view meta_nasbench201_cifar10_4epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 4;

comment on view meta_nasbench201_cifar10_4epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 4 epochs';
