create or replace view meta_nasbench201_cifar10valid as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch in (1, 4, 12, 36, 200);

comment on view meta_nasbench201_cifar10valid is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 1, 4, 12, 36 and 200 epochs';
