story: a document proves an action item when it is asked, once a day, and takes that back when it says so no longer
date: 2026-11-03
zone: Europe/Berlin
company: default

09:00 ana declares "The nightly jobs stand still" SEV3 services=batch
09:30 ana resolves the incident: they run
10:00 ana proposes item "Add a description of the jobs" for dai check=service/batch/description: the service says what they do
10:01 dai accepts item "Add a description of the jobs"
10:02 dai checks item "Add a description of the jobs"
11:00 dai finishes item "Add a description of the jobs": written down
11:01 (not yet)
12:00 apply
<<<
kind: service
name: batch
spec: { title: Nightly jobs, team: platform, tier: 3, description: They reckon the day }
>>>
2026-11-04 12:00 (proven on the next day, for here documents change without an act)
2026-11-10 12:00 apply
<<<
kind: service
name: batch
spec: { title: Nightly jobs, team: platform, tier: 3 }
>>>
2026-11-11 12:00 (no longer)
