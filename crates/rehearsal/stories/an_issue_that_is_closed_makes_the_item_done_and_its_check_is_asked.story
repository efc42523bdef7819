story: an issue that is closed elsewhere makes the item done, and never proven: its check is asked, and says yes only once it holds
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: tracker
name: shop
spec: { title: Issues of the shop, system: { github: { repository: example/shop } } }
>>>

09:00 ana declares "The nightly jobs stand still" SEV3 services=batch
09:30 ana resolves the incident: they run
10:00 ana proposes item "Add a description of the jobs" for dai check=service/batch/description: the service says what they do
10:01 ana proposes item "Add a runbook for the jobs" for dai check=service/batch/runbook: the service names it
10:02 dai tracks item "Add a description of the jobs" in shop
10:03 dai tracks item "Add a runbook for the jobs" in shop
10:04 the tracker tells its issues
10:05 apply
<<<
kind: service
name: batch
spec: { title: Nightly jobs, team: platform, tier: 3, description: They reckon the day }
>>>
10:10 the tracker closes "Add a description of the jobs"
10:11 the tracker closes "Add a runbook for the jobs"
10:15 (what holds is proven at once; of the runbook it is only said)
10:20 apply
<<<
kind: service
name: batch
spec: { title: Nightly jobs, team: platform, tier: 3, description: They reckon the day, runbook: 'https://wiki.example.org/jobs' }
>>>
2026-11-04 11:00 (its check is asked again on the next day)
11:01 the tracker tells its issues
