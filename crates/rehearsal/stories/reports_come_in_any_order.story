story: a pipeline reports a deploy in any order and any number of times; it is one change, and the latest word counts
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 the pipeline ci says "batch 7" of batch began
10:01 the pipeline ci says "batch 7" of batch began
10:02 the pipeline ci says "batch 7" of batch stage: a tenth of the users
10:04 the pipeline ci says "batch 7" of batch failed: the pods do not start
10:05 the pipeline ci says "batch 7" of batch began: tried again
10:07 the pipeline ci says "batch 7" of batch finished
10:08 the pipeline other says "batch 7" of batch finished
