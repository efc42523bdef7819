story: a step asks who is on call when it begins, so a short override is seen by the steps within it
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 ana overrides payments-primary with carla from 02:03 until 02:12: school run
02:00 prometheus: api "5xx high" severity=critical
02:05 (the second step asks the other schedule)
02:20 (round two asks the first again, the override is over)
02:21 ana overrides payments-primary from 02:22 until 02:50
02:30 (nobody answers)
02:45 (unanswered)
