-- The meta-datasets of NAS-Bench-101: a view for each schedule, after its last epoch, and one for each
-- search space of NAS-Bench-1Shot1.
create or replace view meta_nasbench101_108epochs as
from nasbench101_meta_dataset(108);

comment on view meta_nasbench101_108epochs is
'NAS-Bench-101 cells after the separate training of 108 epochs on CIFAR-10';

create or replace view meta_nasbench101_12epochs as
from nasbench101_meta_dataset(12);

comment on view meta_nasbench101_12epochs is
'NAS-Bench-101 cells after the separate training of 12 epochs on CIFAR-10';

create or replace view meta_nasbench101_36epochs as
from nasbench101_meta_dataset(36);

comment on view meta_nasbench101_36epochs is
'NAS-Bench-101 cells after the separate training of 36 epochs on CIFAR-10';

create or replace view meta_nasbench101_4epochs as
from nasbench101_meta_dataset(4);

comment on view meta_nasbench101_4epochs is
'NAS-Bench-101 cells after the separate training of 4 epochs on CIFAR-10';

-- `on` would give arch_id twice.
create or replace view meta_nasbench101_1shot1_s1_108epochs as
from nasbench101_meta_dataset(108)
inner join nasbench101_1shot1_cells(1, 3, 2) using (arch_id);  -- noqa: ST07

comment on view meta_nasbench101_1shot1_s1_108epochs is
'NAS-Bench-101 cells of the search space S1 of NAS-Bench-1Shot1 (parents: 1, 2, 2, 2 and the output 2) after the separate training of 108 epochs on CIFAR-10';

create or replace view meta_nasbench101_1shot1_s2_108epochs as
from nasbench101_meta_dataset(108)
inner join nasbench101_1shot1_cells(2, 2, 3) using (arch_id);  -- noqa: ST07

comment on view meta_nasbench101_1shot1_s2_108epochs is
'NAS-Bench-101 cells of the search space S2 of NAS-Bench-1Shot1 (parents: 1, 1, 2, 2 and the output 3) after the separate training of 108 epochs on CIFAR-10';

create or replace view meta_nasbench101_1shot1_s3_108epochs as
from nasbench101_meta_dataset(108)
inner join nasbench101_1shot1_cells(3, 2, 2) using (arch_id);  -- noqa: ST07

comment on view meta_nasbench101_1shot1_s3_108epochs is
'NAS-Bench-101 cells of the search space S3 of NAS-Bench-1Shot1 (parents: 1, 1, 1, 2, 2 and the output 2) after the separate training of 108 epochs on CIFAR-10';
