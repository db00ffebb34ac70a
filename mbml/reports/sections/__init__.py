"""The sections of the report: each module makes those that the warehouse has data for."""
