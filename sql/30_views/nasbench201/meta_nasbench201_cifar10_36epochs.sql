create or replace view meta_nasbench201_cifar10_36epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 36;

comment on view meta_nasbench201_cifar10_36epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 36 epochs';
