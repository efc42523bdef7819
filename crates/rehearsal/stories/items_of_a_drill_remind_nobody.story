story: an action item of a drill is kept and checked, and reminds nobody; the drill reopens nothing
date: 2026-11-03
zone: Europe/Berlin
company: default

09:00 ana declares "A rack burns" SEV1 drill
09:30 ana proposes item "Add a second rack" for ben: it is there
09:40 ana resolves the incident: practised
2027-01-04 10:00 (nobody is reminded)
10:01 ben finishes item "Add a second rack"
10:02 ana confirms item "Add a second rack": I saw it
