story: what nobody can do as it is written is refused with what to write instead
date: 2026-11-03
zone: Europe/Berlin
company: default

09:00 ana declares "Payments fail" SEV3
10:00 ana proposes item "Be more careful with deploys" for ben: everybody is
10:01 ana proposes item "Remind the team of the checklist" for ben: they were told
10:02 ana proposes item "Improve monitoring" for ben: it is better
10:03 ana proposes item "Fix the issue" for ben: it is fixed
10:04 ana proposes item "Investigate the slow queries" for ben: when we know
10:05 ana proposes item "Investigate the slow queries" for ben: a report names the three slowest
10:06 ana proposes item "Alert when the queue holds 500" for ana kind=detect priority=high: it pages in a replay
10:07 ben finishes item "Alert when the queue holds 500"
