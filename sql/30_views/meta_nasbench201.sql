-- The meta-datasets of NAS-Bench-201: for each data set, the 200-epoch schedule after some of its epochs,
-- the 12-epoch schedule (hp12) after its last, and all of these epochs in one view.
create or replace view meta_nasbench201_cifar10 as
from nasbench201_meta_dataset('cifar10', 200)
where epoch in (1, 4, 12, 36, 200);

comment on view meta_nasbench201_cifar10 is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 1, 4, 12, 36 and 200 epochs';

create or replace view meta_nasbench201_cifar100 as
from nasbench201_meta_dataset('cifar100', 200)
where epoch in (1, 4, 12, 36, 200);

comment on view meta_nasbench201_cifar100 is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 1, 4, 12, 36 and 200 epochs';

create or replace view meta_nasbench201_cifar100_108epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 108;

comment on view meta_nasbench201_cifar100_108epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 108 epochs';

create or replace view meta_nasbench201_cifar100_12epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 12;

comment on view meta_nasbench201_cifar100_12epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 12 epochs';

create or replace view meta_nasbench201_cifar100_1epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 1;

comment on view meta_nasbench201_cifar100_1epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 1 epoch';

create or replace view meta_nasbench201_cifar100_200epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 200;

comment on view meta_nasbench201_cifar100_200epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 200 epochs';

create or replace view meta_nasbench201_cifar100_36epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 36;

comment on view meta_nasbench201_cifar100_36epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 36 epochs';

create or replace view meta_nasbench201_cifar100_4epochs as
from nasbench201_meta_dataset('cifar100', 200)
where epoch = 4;

comment on view meta_nasbench201_cifar100_4epochs is
'NAS-Bench-201 cells trained on CIFAR-100: the 200-epoch run after 4 epochs';

create or replace view meta_nasbench201_cifar100_hp12 as
from nasbench201_meta_dataset('cifar100', 12)
where epoch = 12;

comment on view meta_nasbench201_cifar100_hp12 is
'NAS-Bench-201 cells trained on CIFAR-100: the separate 12-epoch schedule, after its last epoch';

create or replace view meta_nasbench201_cifar10_108epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 108;

comment on view meta_nasbench201_cifar10_108epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 108 epochs';

create or replace view meta_nasbench201_cifar10_12epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 12;

comment on view meta_nasbench201_cifar10_12epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 12 epochs';

create or replace view meta_nasbench201_cifar10_1epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 1;

comment on view meta_nasbench201_cifar10_1epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 1 epoch';

create or replace view meta_nasbench201_cifar10_200epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 200;

comment on view meta_nasbench201_cifar10_200epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 200 epochs';

create or replace view meta_nasbench201_cifar10_36epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 36;

comment on view meta_nasbench201_cifar10_36epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 36 epochs';

create or replace view meta_nasbench201_cifar10_4epochs as
from nasbench201_meta_dataset('cifar10', 200)
where epoch = 4;

comment on view meta_nasbench201_cifar10_4epochs is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the 200-epoch run after 4 epochs';

create or replace view meta_nasbench201_cifar10_hp12 as
from nasbench201_meta_dataset('cifar10', 12)
where epoch = 12;

comment on view meta_nasbench201_cifar10_hp12 is
'NAS-Bench-201 cells trained on all of CIFAR-10''s training set (no validation set): the separate 12-epoch schedule, after its last epoch';

create or replace view meta_nasbench201_cifar10valid as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch in (1, 4, 12, 36, 200);

comment on view meta_nasbench201_cifar10valid is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 1, 4, 12, 36 and 200 epochs';

create or replace view meta_nasbench201_cifar10valid_108epochs as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch = 108;

comment on view meta_nasbench201_cifar10valid_108epochs is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 108 epochs';

create or replace view meta_nasbench201_cifar10valid_12epochs as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch = 12;

comment on view meta_nasbench201_cifar10valid_12epochs is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 12 epochs';

create or replace view meta_nasbench201_cifar10valid_1epochs as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch = 1;

comment on view meta_nasbench201_cifar10valid_1epochs is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 1 epoch';

create or replace view meta_nasbench201_cifar10valid_200epochs as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch = 200;

comment on view meta_nasbench201_cifar10valid_200epochs is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 200 epochs';

create or replace view meta_nasbench201_cifar10valid_36epochs as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch = 36;

comment on view meta_nasbench201_cifar10valid_36epochs is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 36 epochs';

create or replace view meta_nasbench201_cifar10valid_4epochs as
from nasbench201_meta_dataset('cifar10-valid', 200)
where epoch = 4;

comment on view meta_nasbench201_cifar10valid_4epochs is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the 200-epoch run after 4 epochs';

create or replace view meta_nasbench201_cifar10valid_hp12 as
from nasbench201_meta_dataset('cifar10-valid', 12)
where epoch = 12;

comment on view meta_nasbench201_cifar10valid_hp12 is
'NAS-Bench-201 cells trained on half of CIFAR-10''s training set: the separate 12-epoch schedule, after its last epoch';

create or replace view meta_nasbench201_imagenet16_120 as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch in (1, 4, 12, 36, 200);

comment on view meta_nasbench201_imagenet16_120 is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 1, 4, 12, 36 and 200 epochs';

create or replace view meta_nasbench201_imagenet16_120_108epochs as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch = 108;

comment on view meta_nasbench201_imagenet16_120_108epochs is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 108 epochs';

create or replace view meta_nasbench201_imagenet16_120_12epochs as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch = 12;

comment on view meta_nasbench201_imagenet16_120_12epochs is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 12 epochs';

create or replace view meta_nasbench201_imagenet16_120_1epochs as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch = 1;

comment on view meta_nasbench201_imagenet16_120_1epochs is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 1 epoch';

create or replace view meta_nasbench201_imagenet16_120_200epochs as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch = 200;

comment on view meta_nasbench201_imagenet16_120_200epochs is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 200 epochs';

create or replace view meta_nasbench201_imagenet16_120_36epochs as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch = 36;

comment on view meta_nasbench201_imagenet16_120_36epochs is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 36 epochs';

create or replace view meta_nasbench201_imagenet16_120_4epochs as
from nasbench201_meta_dataset('ImageNet16-120', 200)
where epoch = 4;

comment on view meta_nasbench201_imagenet16_120_4epochs is
'NAS-Bench-201 cells trained on ImageNet16-120: the 200-epoch run after 4 epochs';

create or replace view meta_nasbench201_imagenet16_120_hp12 as
from nasbench201_meta_dataset('ImageNet16-120', 12)
where epoch = 12;

comment on view meta_nasbench201_imagenet16_120_hp12 is
'NAS-Bench-201 cells trained on ImageNet16-120: the separate 12-epoch schedule, after its last epoch';
