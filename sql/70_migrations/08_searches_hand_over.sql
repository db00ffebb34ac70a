-- What a search hands over stands beside the architecture with the best target. Until now, it was that one.
alter table results.search_step add column raw_valid_accuracy double;
alter table results.search_step add column raw_test_accuracy double;
alter table results.search_step add column chosen_arch_id uinteger;
update results.search_step
set
    raw_valid_accuracy = chosen_valid_accuracy,
    raw_test_accuracy = chosen_test_accuracy,
    chosen_arch_id = incumbent_arch_id;
