story: an item and its issue change while neither hears of the other; where they meet what is over counts, and what two people here decided is not undone there
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: tracker
name: shop
spec: { title: Issues of the shop, system: { github: { repository: example/shop } } }
>>>

09:00 ana declares "Payments fail" SEV3 services=api
09:30 ana resolves the incident: they work
10:00 ana proposes item "Limit the queue" for ben: a test with 1001 is refused
10:01 ana proposes item "Add a graph" for ben: it shows the queue
10:02 ben tracks item "Limit the queue" in shop
10:03 ben tracks item "Add a graph" in shop
10:10 the tracker is down
10:11 the tracker closes "Limit the queue"
10:12 ben finishes item "Limit the queue": merged
10:13 ben gives item "Add a graph" up: the queue goes away
10:14 carla waives item "Add a graph"
10:30 the tracker works
10:50 the tracker tells its issues
11:00 the tracker reopens "Add a graph"
11:01 the tracker calls about "Add a graph"
11:30 the tracker tells its issues
