story: documents that were proposed and approved are held by a pin like any, until the change is exempted
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: batch "Jobs late" severity=critical
02:02 dai declares "The nightly jobs stand still" SEV3 services=batch from alert
02:30 prometheus: resolved batch "Jobs late" severity=critical
09:00 dai pins it whom=anybody within=10m: it cost a day
09:10 dai proposes documents "Jobs page nobody": they are not worth a night
<<<
kind: route
name: jobs
spec: { order: 1, match: ['service="batch"'], urgency: none }
>>>
09:11 ana approves "Jobs page nobody"
09:12 ana applies "Jobs page nobody"
09:13 ana exempts "Jobs page nobody" from pin: the jobs are retired on Friday
09:14 ana applies "Jobs page nobody"
09:15 ana plays the pins
