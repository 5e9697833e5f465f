"""What benchmarks count and how they ask; no test says how long anything takes."""
