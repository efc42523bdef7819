story: an emergency waits for nobody, but only in an open incident; somebody else looks at it afterwards
date: 2026-11-03
zone: Europe/Berlin
company: default

10:00 dai proposes "Batch fix" of batch emergency: jobs pile up
10:01 dai declares "Jobs are late" SEV3 services=batch
10:02 dai proposes "Batch fix" of batch emergency: jobs pile up
10:03 dai begins "Batch fix"
10:06 dai finishes "Batch fix"
10:07 dai reviews "Batch fix"
10:20 dai resolves the incident: they run
11:00 carla reviews "Batch fix"
11:01 ben reviews "Batch fix"
