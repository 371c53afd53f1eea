"""The same workload put into the terms of Counterpoint and of each peer."""
